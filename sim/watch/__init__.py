"""Watching a machine run: where it stands, what it waits for, what went wrong. Nothing here changes what it does."""
