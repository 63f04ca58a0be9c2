"""COCO-format photographs to multi-label training data."""
