"""Waiting loops that read a device register again and again: time passes at once up to the next thing that can happen.

``while (!(RCC->CR & HSERDY)) {}`` reads a register a hundred million times a second, each time by way of Python. When
one turn of such a loop has left the core, its memory and the devices it read exactly as they were, every further turn
does the same until an event, an interrupt or the host changes something. So whole turns are added to the time without
being run; what firmware can see is the same to the cycle.

``state.py`` tells whether a device is as it was, ``skipper.py`` watches for such turns.
"""
