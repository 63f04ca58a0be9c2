"""Profile of a run: what each block and each call stack took, exceptions and threads apart, to the cycle."""
