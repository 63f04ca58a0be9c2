"""In which order a camera shows the frames of a folder.

The camera script (``sim/peripherals/ov7670.py``) repeats this arithmetic, since it can import nothing; a test holds
the two together. A generator of our own, because Python 2 and 3 shuffle differently for the same seed.
"""

from __future__ import annotations


def shuffled(count: int, seed: int) -> list[int]:
    """A permutation of ``range(count)`` that depends on ``seed`` (its low 32 bits) alone.

    Fisher-Yates from the end; the random numbers are the high halves of ``state = state * 1664525 + 1013904223`` mod
    2**32 (the constants of Numerical Recipes), scaled to the range wanted.
    """
    order = list(range(count))
    state = seed & 0xFFFFFFFF
    for last in range(count - 1, 0, -1):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        other = (state >> 16) * (last + 1) >> 16
        order[last], order[other] = order[other], order[last]
    return order
