"""Values out of a document of a stranger, each of the type and size it has to be; one line says which is not."""

from __future__ import annotations

from typing import Any

from sim.errors import CrosscamError
from sim.reading import quoted

LONGEST_TEXT = 20_000


class Reader:
    """A table of a JSON document. ``where``: its place, for messages.

    Raises:
        CrosscamError: (every method) a value is missing or no such value.
    """

    def __init__(self, content: object, where: str) -> None:
        if not isinstance(content, dict):
            raise CrosscamError(f"{where}: {quoted(content)}, expected an object")
        self._content: dict[str, Any] = content
        self._where = where

    def wrong(self, key: str, expected: str) -> CrosscamError:
        """The error for the value of ``key``."""
        return CrosscamError(f"{self._where}: {key} is {quoted(self._content.get(key))}, expected {expected}")

    def get(self, key: str) -> Any:
        """The value, whatever it is; None where there is none."""
        return self._content.get(key)

    def text(self, key: str) -> str:
        """A text of at most ``LONGEST_TEXT`` characters."""
        value = self.get(key)
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise self.wrong(key, f"a text of at most {LONGEST_TEXT} characters")
        return value

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        """One of some words."""
        value = self.text(key)
        if value not in choices:
            raise self.wrong(key, " or ".join(choices))
        return value

    def integer(self, key: str) -> int:
        """A whole number."""
        value = self.get(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key, "a whole number")
        return value

    def count(self, key: str, below: int) -> int:
        """A whole number from 0 on, less than ``below``."""
        value = self.integer(key)
        if not 0 <= value < below:
            raise self.wrong(key, f"a number from 0 to {below - 1}")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.get(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def bytes(self, key: str) -> bytes:
        """Bytes as hexadecimal digits."""
        try:
            return bytes.fromhex(self.text(key))
        except ValueError:
            raise self.wrong(key, "hexadecimal digits") from None

    def table(self, key: str) -> Reader:
        """An object inside."""
        return Reader(self.get(key), f"{self._where}: {key}")

    def tables(self, key: str, most: int) -> list[Reader]:
        """A list of objects, at most ``most``."""
        return [Reader(each, f"{self._where}: {key}[{at}]") for at, each in enumerate(self._list(key, most))]

    def texts(self, key: str, most: int) -> dict[str, str]:
        """An object whose values are texts."""
        table = self.table(key)
        if len(table._content) > most:
            raise self.wrong(key, f"at most {most} entries")
        return {name: table.text(name) for name in table._content}

    def indices(self, key: str, below: int, most: int) -> list[int | None]:
        """A list of indices less than ``below``, or null."""
        values = self._list(key, most)
        for value in values:
            is_index = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < below
            if value is not None and not is_index:
                raise self.wrong(key, f"numbers from 0 to {below - 1}, or null")
        return values

    def _list(self, key: str, most: int) -> list[Any]:
        value = self.get(key)
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(key, f"a list of at most {most}")
        return value
