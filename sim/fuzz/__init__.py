"""A small mutation fuzzer for whatever reads a stranger's text: ``python -m sim.fuzz``."""
