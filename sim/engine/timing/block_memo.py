"""What the pipeline models have answered, shared by all boards of a process and kept between runs.

What a block costs is worked out in Python, a millisecond each: a board that boots the vision firmware meets a thousand.
Nothing but code, address and the pipeline's state decides it (``BlockPipeline``), so what is known of one board holds
for the next. A memo belongs to a pipeline and to code that begins the same; it only ever saves work, so where nothing
can be kept, or what was kept does not fit, all is worked out again.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import sys
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import capstone  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from sim.engine.native.code_cache import CodeCache, digest_of, kept_room

MOST_BLOCKS = 1 << 13
"""Of a memo: firmware that runs wild through empty memory meets a million."""
LEAST_KEPT = 100  # new blocks that are worth a file
_MOST_FILES = 64


class BlockFacts(NamedTuple):
    """A block as the native side wants it. ``words``: its ``items`` items, for each halfword the cycles before its
    instruction issues, and the cycles of all; ``ending``: how it ends; ``branch``: where its last instruction is."""

    items: int
    ending: int
    branch: int
    words: NDArray[np.int64]


class Answer(NamedTuple):
    """A passage of the pipeline without its issue times; ``state`` is the one behind it."""

    cycles: int
    state: Hashable
    penalty: int
    interlock: int
    fetch: int
    stores: int


class States(Protocol):
    """A kind of pipeline: ``kind`` names all that decides its answers beside this package's sources."""

    @property
    def kind(self) -> str:
        """Name of a file, and of nothing else."""

    def state_of(self, fields: list[Any]) -> Hashable:
        """The state whose fields these are, tuples and sets as lists."""


Key = tuple[Hashable, int, bytes, int]
"""State, address, code, and the variant with the bit of a branch taken."""


class BlockMemo:
    """Facts by (address, code), and answers."""

    def __init__(self) -> None:
        self._facts: dict[tuple[int, bytes], BlockFacts] = {}
        self._answers: dict[Key, Answer] = {}
        self.new = 0
        """Blocks since it was read."""

    def facts(self, address: int, code: bytes, work_out: Callable[[int, bytes], BlockFacts]) -> BlockFacts:
        """Of the block of ``code`` at ``address``."""
        found = self._facts.get((address, code))
        if found is None:
            found = work_out(address, code)
            if len(self._facts) < MOST_BLOCKS:
                self._facts[address, code] = found
                self.new += 1
        return found

    def answer(self, key: Key, work_out: Callable[[Key], Answer]) -> Answer:
        """The pipeline's."""
        found = self._answers.get(key)
        if found is None:
            found = work_out(key)
            if key[1:3] in self._facts:
                self._answers[key] = found
        return found

    def packed(self) -> bytes:
        """For ``read``: JSON, states and blocks named by their place."""
        blocks = {key: place for place, key in enumerate(self._facts)}
        states: dict[Hashable, int] = {}
        answers = [
            [
                states.setdefault(state, len(states)), blocks[address, code], how,
                *answer._replace(state=states.setdefault(answer.state, len(states))),
            ]
            for (state, address, code, how), answer in self._answers.items()
        ]  # fmt: skip
        facts = [
            [address, code.hex(), *known[:3], known.words.tolist()] for (address, code), known in self._facts.items()
        ]
        return json.dumps([[_fields(state) for state in states], facts, answers], separators=(",", ":")).encode()

    def read(self, packed: bytes, states: States) -> None:
        """Take what was kept.

        Raises:
            ValueError, TypeError, LookupError: it is no such file.
        """
        fields, facts, answers = json.loads(packed)
        known = [states.state_of(each) for each in fields]
        blocks = [(address, bytes.fromhex(code)) for address, code, *_ in facts]
        self._facts = {
            key: BlockFacts(items, ending, branch, np.array(words, np.int64))
            for key, (_, _, items, ending, branch, words) in zip(blocks, facts, strict=True)
        }
        self._answers = {
            (known[state], *blocks[block], how): Answer(cycles, known[after], *stalls)
            for state, block, how, cycles, after, *stalls in answers
        }


def _fields(state: Any) -> Any:
    if isinstance(state, frozenset):
        return sorted(state)
    return [_fields(each) for each in state] if isinstance(state, tuple) else state


_MEMOS: dict[str, BlockMemo] = {}


def memo_of(states: States, beginning: bytes) -> BlockMemo:
    """The memo of a pipeline and of code; ``beginning``: a part of it that tells it from others."""
    name = f"{states.kind}-{hashlib.sha256(beginning).hexdigest()[:16]}-{_sources()}.json"
    if name not in _MEMOS:
        memo = _MEMOS[name] = BlockMemo()
        room = _room()
        kept = room.read(name) if room is not None else None
        if kept is not None:
            try:
                memo.read(kept, states)
            except (ValueError, TypeError, LookupError):
                memo = _MEMOS[name] = BlockMemo()
    return _MEMOS[name]


@functools.cache
def _room() -> CodeCache | None:
    return kept_room("blocks")


@functools.cache
def _sources() -> str:
    """Names what has given the answers."""
    return digest_of(sorted(Path(__file__).parent.glob("*.py")), capstone.__version__, sys.version)


@atexit.register
def keep_all() -> None:
    """Keep what this process has learnt."""
    for name, memo in _MEMOS.items():
        room = _room()
        if memo.new >= LEAST_KEPT and room is not None:
            room.write(name, memo.packed(), _MOST_FILES)
            memo.new = 0
