"""Numbers, bytes and errors as packets spell them (GDB manual E.1)."""

from __future__ import annotations

import re
from collections.abc import Callable

OK, BAD, FAILED = b"OK", b"E16", b"E0e"
"""Done; EINVAL: not what the protocol allows; EFAULT: it cannot be done to this machine."""
_NUMBER = re.compile(rb"[0-9a-fA-F]{1,16}")
_PAIRS = re.compile(rb"(?:[0-9a-fA-F]{2})*")


def number(digits: bytes) -> int:
    """A number in hexadecimal digits, no sign, no prefix; ValueError when it is none, or has more than 64 bits."""
    if not _NUMBER.fullmatch(digits):
        raise ValueError("no number")
    return int(digits, 16)


def hexadecimal(digits: bytes) -> bytes:
    """The bytes that pairs of digits stand for; ValueError when they are none."""
    if not _PAIRS.fullmatch(digits):
        raise ValueError("no pairs of digits")
    return bytes.fromhex(digits.decode())


def refusal(text: str, say: Callable[[str], None]) -> bytes:
    """The answer to what this server does not do, said in words on the client's console."""
    say(f"{text}\n")
    return BAD
