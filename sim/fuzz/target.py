"""What is fuzzed: something that takes bytes and may only refuse them with the project's own error."""

from __future__ import annotations

import random
from typing import ClassVar


class RefusedError(Exception):
    """An input was refused with this text, by something that does not say so with a ``CrosscamError``."""


class Target:
    """One parser. A process makes one, calls ``renew`` before the first input and after every ``RENEW_EVERY``.

    Attributes:
        NAME: what the command line calls it.
        RENEW_EVERY: inputs that share what ``renew`` makes.
        WORDS: pieces of its language, which mutations put in.
    """

    NAME: ClassVar[str] = ""
    RENEW_EVERY: ClassVar[int] = 1000
    WORDS: ClassVar[tuple[str, ...]] = ()

    def corpus(self) -> list[bytes]:
        """Good inputs to begin with."""
        raise NotImplementedError

    def generate(self, source: random.Random) -> bytes | None:
        """An input made from scratch; None: this parser has only mutations."""
        return None

    def renew(self) -> None:
        """Begin with fresh objects."""

    def run(self, data: bytes) -> None:
        """Read ``data``.

        Raises:
            CrosscamError, RefusedError: it is refused. Anything else that is raised is a find.
        """
        raise NotImplementedError


def text_of(data: bytes) -> str:
    """Bytes as the text they stand for; what is no UTF-8 becomes surrogates, which are strangers too."""
    return data.decode("utf-8", "surrogateescape")
