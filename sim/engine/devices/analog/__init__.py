"""Analog-to-digital converters."""
