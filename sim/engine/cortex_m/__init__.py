"""The ARMv7-M system: the core and its registers, exceptions, system control, timers, debug."""
