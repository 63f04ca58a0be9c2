"""Unicorn, numba and LLVM: all that knows the process the core runs in.

``shared.py`` is the state native code and Python share, ``hooks.py`` what Unicorn calls, ``engine.py`` the core as
Python drives it; ``loops`` compiles hot loops, ``traps`` finds faults that Unicorn does not know.
"""
