"""Keeping device warnings readable: each kind of message a few times, then only now and then."""

from __future__ import annotations

import logging
import weakref
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

_MOST_ADDRESSES = 1000  # of one message; a walk through a hole would log, and keep, each of its words
FIRST = 3  # repetitions logged in full; after that at 10, 100, 1000 ...


@dataclass
class Repeated:
    """A message of ``source`` (a logger's name) as it was worded first, and how often it came."""

    source: str
    text: str
    count: int = 1


class RateLimit(logging.Filter):
    """A filter per machine, put on its devices' loggers. Messages count as equal by logger, text and first argument;
    after a thousand first arguments of one text, by logger and text.

    ``context`` is the machine's method that gives a suffix for the message: where the core is. A record with the
    attribute ``unlimited`` passes as it is: the script of a hook wrote it, and its user wants to see all.
    """

    def __init__(self, context: Callable[[], str]) -> None:
        super().__init__()
        self._context = weakref.WeakMethod(context)  # loggers live for ever, and their filters with them
        self._seen: dict[tuple[str, str, object], Repeated] = {}
        self._addresses: Counter[tuple[str, str]] = Counter()

    @property
    def messages(self) -> list[Repeated]:
        """Every warning and error so far, those not shown counted, in the order of their first."""
        return list(self._seen.values())

    def attach(self, logger: logging.Logger) -> None:
        """Filter ``logger``, in place of an earlier machine's filter."""
        for present in [item for item in logger.filters if isinstance(item, RateLimit)]:
            logger.removeFilter(present)
        logger.addFilter(self)

    def _where(self) -> str:
        context = self._context()
        return context() if context is not None else ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether an entry is shown (``logging.Filter``)."""
        if record.levelno < logging.WARNING or getattr(record, "unlimited", False):
            return True
        arguments = record.args if isinstance(record.args, tuple) else ()
        key = (record.name, record.msg, arguments[0] if arguments else None)
        seen = self._seen.get(key)
        if seen is None:
            self._addresses[key[:2]] += 1
            if self._addresses[key[:2]] > _MOST_ADDRESSES:
                key = (*key[:2], _OTHERS)
                seen = self._seen.get(key)
        if seen is not None:
            seen.count += 1
            if seen.count > FIRST and not _power_of_ten(seen.count):
                return False
        text = record.getMessage() + self._where()
        if seen is None:
            seen = self._seen[key] = Repeated(record.name, text)
        count = seen.count
        if count >= FIRST:
            text += f" [{count} times]" if count > FIRST else " [further ones at 10, 100, ...]"
        record.msg, record.args = text, ()
        return True


_OTHERS = object()


def _power_of_ten(count: int) -> bool:
    while count % 10 == 0:
        count //= 10
    return count == 1
