"""The host's end of a board's console, be the board on a cable, behind a socket or simulated."""
