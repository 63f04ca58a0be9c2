"""The syntax tree of a platform description (.repl): what the grammar yields and the builder reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Place(NamedTuple):
    """Where something was written; lines and columns count from one."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(slots=True, frozen=True)
class Text:
    """``"..."`` or ``'''...'''``, quotes and escapes removed."""

    place: Place
    value: str


@dataclass(slots=True, frozen=True)
class Number:
    """A number as written, without separators: ``value`` is a float only when it has a fraction."""

    place: Place
    value: int | float


@dataclass(slots=True, frozen=True)
class Boolean:
    """``true`` or ``false``."""

    place: Place
    value: bool


@dataclass(slots=True, frozen=True)
class Enumeration:
    """``Series.H7`` or the short ``.H7``; ``type_name`` is empty for the short form."""

    place: Place
    type_name: str
    value: str


@dataclass(slots=True, frozen=True)
class Reference:
    """The name of another entry."""

    place: Place
    name: str


@dataclass(slots=True, frozen=True)
class Range:
    """``<begin, end>`` or ``<begin, +size>``; ``end`` is the first address behind it."""

    place: Place
    begin: int
    end: int

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.end - self.begin


@dataclass(slots=True, frozen=True)
class Array:
    """``[a, b]``."""

    place: Place
    items: tuple[Value, ...]


@dataclass(slots=True, frozen=True)
class Table:
    """``{ key: value; ... }``."""

    place: Place
    items: tuple[tuple[Value, Value], ...]


@dataclass(slots=True, frozen=True)
class Empty:
    """``empty``: the default value of the expected type."""

    place: Place


@dataclass(slots=True, frozen=True)
class Nothing:
    """``none``: as if the attribute had never been given."""

    place: Place


@dataclass(slots=True, frozen=True)
class Inline:
    """``new Type { attributes }``."""

    place: Place
    type_name: str
    attributes: tuple[Attribute, ...]


Value: TypeAlias = Text | Number | Boolean | Enumeration | Reference | Range | Array | Table | Empty | Nothing | Inline


@dataclass(slots=True, frozen=True)
class Setting:
    """``name: value``; a capital first letter makes it a property, set after construction."""

    place: Place
    name: str
    value: Value

    @property
    def is_property(self) -> bool:
        """True for a property, False for a constructor parameter."""
        return self.name[0].isupper()


Pin: TypeAlias = str | int
"""An output: Renode's name of it, or its number."""


@dataclass(slots=True, frozen=True)
class Receiver:
    """``nvic#0@[5, 6]``: a device, which of its local receivers (or None), its input numbers."""

    place: Place
    device: str
    local: int | None
    inputs: tuple[int, ...]


@dataclass(slots=True, frozen=True)
class Wiring:
    """``[0-2] -> a@[3-5] | b@[0-2]``.

    ``outputs`` is None for the default output; no ``receivers`` means ``-> none``, which cancels what an earlier
    entry wired.
    """

    place: Place
    outputs: tuple[Pin, ...] | None
    receivers: tuple[Receiver, ...]


@dataclass(slots=True, frozen=True)
class Script:
    """A ``preinit``, ``init`` or ``reset`` section: monitor commands, each without the entry's name before it."""

    place: Place
    kind: str
    adds: bool
    lines: tuple[str, ...]


Attribute: TypeAlias = Setting | Wiring | Script


@dataclass(slots=True, frozen=True)
class Registration:
    """``parent point`` after ``@``."""

    place: Place
    parent: str
    point: Value | None


@dataclass(slots=True, frozen=True)
class Entry:
    """One ``name: Type @ registrations as "alias"`` with its attributes.

    ``type_name`` is empty for an entry that adds to one declared elsewhere. ``registrations`` is None when nothing
    was said and empty for ``@ none``.
    """

    place: Place
    name: str
    type_name: str
    type_place: Place
    registrations: tuple[Registration, ...] | None
    alias: str | None
    attributes: tuple[Attribute, ...]
    is_local: bool = False


@dataclass(slots=True, frozen=True)
class Using:
    """``using "path"``, perhaps ``prefixed "x_"``."""

    place: Place
    path: str
    prefix: str = ""


@dataclass(slots=True, frozen=True)
class Description:
    """A whole file."""

    file: str
    usings: tuple[Using, ...] = ()
    entries: tuple[Entry, ...] = ()
