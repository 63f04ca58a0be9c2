"""Photographs as the camera sees them: RGB565 frame folders with expected labels."""
