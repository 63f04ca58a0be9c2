"""Named addresses without a device (``Tag`` of .repl and monitor): no two share one, a tag within another splits it.

As in Renode the inner one is called OUTER/INNER, and what it took from the outer one is gone with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.engine.wording import NO_TAG, TAG_NOT_CONTAINED, TAGS_NOT_CONTAINED
from sim.errors import CrosscamError


@dataclass(frozen=True, slots=True)
class Tag:
    """Reads of ``start`` (included) to ``end`` (excluded) give ``value``; with ``override`` whatever is there."""

    start: int
    end: int
    name: str
    value: int
    override: bool


class Tags:
    """All of a bus."""

    def __init__(self) -> None:
        self.all: list[Tag] = []

    @property
    def overriding(self) -> bool:
        """One of them hides what is there."""
        return any(tag.override for tag in self.all)

    def at(self, address: int, override: bool | None = None) -> Tag | None:
        """The tag that holds ``address``; one that does or does not override, where that is asked."""
        return next(
            (tag for tag in self.all if tag.start <= address < tag.end and override in (None, tag.override)), None
        )

    def add(self, new: Tag) -> None:
        """Add one.

        Raises:
            CrosscamError: it shares addresses with another one and does not lie within it.
        """
        others = [tag for tag in self.all if tag.start < new.end and new.start < tag.end]
        if others and not (len(others) == 1 and others[0].start <= new.start and new.end <= others[0].end):
            names = ", ".join(tag.name for tag in others)
            raise CrosscamError(
                f"tag {new.name} at 0x{new.start:08X}..0x{new.end - 1:08X} crosses {names}: expected one apart from"
                " others, or within one",
                renode=(TAG_NOT_CONTAINED if len(others) == 1 else TAGS_NOT_CONTAINED) % names,
            )
        for outer in others:
            self.all.remove(outer)
            pieces = replace(outer, end=new.start), replace(outer, start=new.end)
            self.all += [piece for piece in pieces if piece.start < piece.end]
            new = replace(new, name=f"{outer.name}/{new.name}")
        self.all.append(new)

    def remove(self, address: int) -> None:
        """Forget the tag that holds ``address``; CrosscamError when none does."""
        found = self.at(address)
        if found is None:
            raise CrosscamError(f"no tag holds 0x{address:08X}: expected an address of one", renode=NO_TAG % address)
        self.all.remove(found)
