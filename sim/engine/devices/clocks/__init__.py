"""Reset and clock control, and the real-time clock that runs from it."""
