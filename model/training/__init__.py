"""From a config to the weights of a run."""
