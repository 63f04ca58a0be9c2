"""Robot Framework keywords with Renode's names on top of the embedded engine."""
