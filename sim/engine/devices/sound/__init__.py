"""Interfaces for sound."""
