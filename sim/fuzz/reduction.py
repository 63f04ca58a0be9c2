"""Making an input smaller while it still shows the mistake."""

from __future__ import annotations

from collections.abc import Callable

MOST_TRIES = 400


def reduced(data: bytes, shows: Callable[[bytes], bool]) -> bytes:
    """The smallest input found that ``shows`` it still: pieces are left out, large ones first.

    ``data`` as it is when it does not show it alone.
    """
    tries = 0
    if not shows(data):
        return data
    size = max(1, len(data) // 2)
    while size >= 1 and tries < MOST_TRIES:
        start = 0
        while start < len(data) and tries < MOST_TRIES:
            smaller = data[:start] + data[start + size :]
            tries += 1
            if smaller != data and shows(smaller):
                data = smaller
            else:
                start += size
        size //= 2
    return data
