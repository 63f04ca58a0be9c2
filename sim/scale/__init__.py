"""Work in units, spread over processes or machines: each unit's result written once, whoever computes it."""
