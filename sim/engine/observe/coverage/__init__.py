"""Which instructions ran, of every machine that is made."""
