"""A slow, literal cache of one line, for tests: every state the line may be in, evictions at any moment included.

The line has ``SIZE`` bytes. A state is (what the cache holds or None, whether that is dirty, what memory holds). A
cache may drop a clean line and write back a dirty one whenever it likes; so after each step all states that evictions
lead to are possible too. Beside them runs the machine without a cache, whose reads are what the program means.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SIZE = 32
Bytes = tuple[int, ...]
State = tuple[Bytes | None, bool, Bytes]
WRITE_BACK_ALLOCATE, WRITE_BACK, WRITE_THROUGH, NOT_CACHED = range(4)


def _put(line: Bytes, place: int, data: bytes) -> Bytes:
    return (*line[:place], *data, *line[place + len(data) :])


@dataclass
class LiteralLine:
    """``meant``: what a machine without a cache has; ``policy``: one of the four above."""

    meant: Bytes
    policy: int
    states: set[State] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.states = {(None, False, self.meant)}

    def _evict(self) -> None:
        for held, dirty, memory in list(self.states):
            if held is not None:
                self.states.add((None, False, held if dirty else memory))

    def core_reads(self, place: int, size: int) -> bool:
        """Whether each state gives the core what is meant."""
        seen = set()
        after: set[State] = set()
        for held, dirty, memory in self.states:
            seen.add((memory if held is None else held)[place : place + size])
            if held is None and self.policy != NOT_CACHED:
                held, dirty = memory, False
            after.add((held, dirty, memory))
        self.states = after
        self._evict()
        return seen == {self.meant[place : place + size]}

    def core_writes(self, place: int, data: bytes) -> None:
        """A store."""
        self.meant = _put(self.meant, place, data)
        after: set[State] = set()
        for held, dirty, memory in self.states:
            if self.policy == NOT_CACHED or (held is None and self.policy != WRITE_BACK_ALLOCATE):
                after.add((held, dirty, _put(memory, place, data)))
            elif self.policy == WRITE_THROUGH:
                assert held is not None
                after.add((_put(held, place, data), dirty, _put(memory, place, data)))
            else:
                after.add((_put(memory if held is None else held, place, data), True, memory))
        self.states = after
        self._evict()

    def maintain(self, clean: bool, invalidate: bool) -> None:
        """Clean, invalidate, or both."""
        after: set[State] = set()
        for held, dirty, memory in self.states:
            if clean and dirty and held is not None:
                memory, dirty = held, False
            if invalidate:
                held, dirty = None, False
            after.add((held, dirty, memory))
        self.states = after
        self._evict()

    def master_reads(self, place: int, size: int) -> bool:
        """Whether each state gives another master what is meant."""
        return {memory[place : place + size] for _, _, memory in self.states} == {self.meant[place : place + size]}

    def master_writes(self, place: int, data: bytes) -> bool:
        """Whether memory has what was written, whatever happens to the line later on."""
        self.meant = _put(self.meant, place, data)
        self.states = {(held, dirty, _put(memory, place, data)) for held, dirty, memory in self.states}
        self._evict()
        return self.is_kept(place, len(data))

    def is_kept(self, place: int, size: int) -> bool:
        """Whether in no state a dirty line is about to replace a byte of memory that is right by one that is not."""
        return not any(
            held is not None and dirty and memory[byte] == self.meant[byte] != held[byte]
            for held, dirty, memory in self.states
            for byte in range(place, place + size)
        )
