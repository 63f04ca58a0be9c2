"""Coverage of source lines and branches by the instructions that ran."""
