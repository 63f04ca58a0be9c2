"""Ciphers, checksums and random numbers."""
