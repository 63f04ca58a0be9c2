"""What runs, block by block, to the cycle: the recorder that profile, timeline and coverage share."""
