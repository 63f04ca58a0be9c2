"""Measurements of the engine itself, held against what is known of the hardware."""
