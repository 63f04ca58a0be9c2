"""One self-contained HTML file of a run or of a Robot suite, that opens without a network."""
