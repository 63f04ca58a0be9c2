"""Device models, one file per peripheral IP."""
