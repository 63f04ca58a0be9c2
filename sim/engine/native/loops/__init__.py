"""Hot loops as native code: what Unicorn translates block by block, LLVM compiles as a whole.

Unicorn keeps the core's registers in memory and calls a function at each block, each load and each store, which leaves
a fifth of what the host could do. So the loops in which a program spends its time are compiled once more, by LLVM,
and the block hook runs them instead of Unicorn. What firmware can see stays the same to the cycle: such code stops at
the same block boundaries as Unicorn does, and whenever anything but plain arithmetic and plain memory comes up, the
block it comes up in is left to Unicorn, as if it had not been begun.

``blocks.py`` reads a block's instructions, ``regions.py`` finds the loops, ``lift.py`` turns an instruction into LLVM's
intermediate code, ``compiler.py`` a region into machine code, ``manager.py`` decides when, and tells the block hook.
"""
