"""What ARMv7-M puts beside the instruction set: exceptions, system control, timers, debug registers."""
