"""Runs of the vision board as files: recorded, replayed anywhere, held against a board's log."""
