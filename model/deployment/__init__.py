"""From a run to a model for the board: int8, the zoo, the table of models."""
