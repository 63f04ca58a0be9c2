"""Timelines: what a run did when, in the format of ui.perfetto.dev."""
