"""Renode's stand-ins for devices, for suites and scripts."""
