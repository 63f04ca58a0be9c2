"""Timers and watchdogs."""
