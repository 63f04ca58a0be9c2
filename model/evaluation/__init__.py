"""What a model is worth: figures, thresholds, the reference interpreter."""
