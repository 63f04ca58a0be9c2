"""Faults of alignment and of division, which Unicorn does not know.

A Cortex-M7 faults on a load or store of several words whose address is no multiple of 4, on any unaligned access where
CCR.UNALIGN_TRP is set, and on a division by 0 where CCR.DIV_0_TRP is (ARM DDI 0403E A3.2.1, B3.2.8). Hooks on accesses
or instructions would take all code off Unicorn's fast path. So a block that holds such instructions gets a small
program that works their addresses and divisors out from the registers at its entry; the block hook runs it, and stops
the core when one looks wrong. Python then lets the core run up to that instruction and looks at the registers
themselves: a block's program may be mistaken, a fault never is.

``symbols.py`` follows register values through a block, ``sites.py`` makes the program, ``native.py`` runs it;
``sim/engine/cortex_m/traps.py`` decides. What a program cannot work out (a value that a conditional instruction,
floating point or a device gives) passes.
"""
