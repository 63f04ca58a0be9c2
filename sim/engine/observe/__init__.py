"""Hooks with scripts, names of functions, block logs: what looks into a machine from outside."""
