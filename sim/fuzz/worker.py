"""The process that runs inputs: with limits of time and memory, and without rights it does not need."""

from __future__ import annotations

import errno
import functools
import gc
import importlib
import io
import logging
import os
import random
import resource
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sim.errors import CrosscamError
from sim.fuzz.mutation import mutate
from sim.fuzz.reduction import reduced
from sim.fuzz.target import RefusedError, Target
from sim.text import LONGEST_MESSAGE, printable

_ROOT = Path(__file__).parents[2]
_OURS = tuple(f"{_ROOT / package}{os.sep}" for package in ("sim", "model", "scripts"))
SECONDS = 1.0
"""Processor time an input may take."""
MEGABYTES = 300
"""Memory an input may take."""
_CHANGES = frozenset({"os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "shutil.rmtree"})
MUTATED = 0.6
"""Share of inputs that are mutations, where a parser also has made ones."""


class TooSlow(BaseException):
    """An input has taken ``SECONDS``."""


@dataclass(frozen=True)
class Find:
    """An input that was not handled. ``key`` says which mistake it is: kind and place in our code."""

    key: str
    data: bytes
    text: str


def outcome(target: Target, data: bytes) -> tuple[str, str] | None:
    """Key and text of what is wrong with how ``target`` takes ``data``; None: nothing."""
    before = _peak()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        target.run(data)
    except (CrosscamError, RefusedError) as error:
        return _message(str(error))
    except TooSlow as error:
        return f"over {SECONDS:g} s of processor time in {_place(error)}", ""
    except RecursionError as error:
        return f"RecursionError in {_place(error)}", ""
    except Exception as error:
        return f"{type(error).__name__} in {_place(error)}", str(error)[:300]
    except SystemExit as error:
        return f"SystemExit in {_place(error)}", str(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    grown = _peak() - before
    return (f"over {MEGABYTES} MB", f"{grown} MB more") if grown > MEGABYTES else None


def _message(text: str) -> tuple[str, str] | None:
    if "\n" in text or printable(text) != text:
        return f"a message that is not one plain line: {text[:40]!r}", text
    if len(text) > LONGEST_MESSAGE:
        return f"a message of more than {LONGEST_MESSAGE} characters: {text[:40]!r}", text
    if not text:
        return "an empty message", text
    return None


def _peak() -> int:
    """Megabytes this process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def _place(error: BaseException) -> str:
    """The innermost place in our own code."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(_OURS)]
    own = [frame for frame in frames if f"{os.sep}fuzz{os.sep}" not in frame.filename] or frames
    if not own:
        return "?"
    return f"{Path(own[-1].filename).relative_to(_ROOT)}:{own[-1].lineno} {own[-1].name}"


def input_of(target: Target, seeds: Sequence[bytes], words: Sequence[bytes], seed: int, index: int) -> bytes:
    """Input ``index``: the same for the same seed and corpus. The first ones are the corpus itself."""
    if index < len(seeds):
        return seeds[index]
    source = random.Random(f"{target.NAME} {seed} {index}")
    if source.random() >= MUTATED:
        made = target.generate(source)
        if made is not None:
            return made
    return mutate(source.choice(seeds), seeds, words, source)


def _limit_rights() -> None:
    """A folder of its own, and no files are changed elsewhere: inputs may name some."""
    folder = Path(tempfile.mkdtemp(prefix="crosscam-fuzz-"))
    os.chdir(folder)
    tempfile.tempdir = str(folder)

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            if not writes or not isinstance(path, str | bytes | os.PathLike):
                return
        elif event not in _CHANGES:
            return
        else:
            path = arguments[1] if event in ("os.rename", "os.symlink") else arguments[0]
        where = os.path.realpath(os.fsdecode(path))
        if not where.startswith(f"{folder.resolve()}{os.sep}") and where != os.devnull:
            raise PermissionError(errno.EACCES, "outside of the fuzzer's folder", where)

    sys.addaudithook(audit)


def work(
    module: str, name: str, seeds: list[bytes], seed: int, first: int, last: int, at: Any, pipe: Connection
) -> None:
    """Run inputs ``first`` to ``last``; ``at.value`` is the present one; finds go through ``pipe``, then None."""
    sys.stdout = sys.stderr = io.StringIO()  # what inputs make somebody print
    logging.getLogger("sim").addHandler(logging.NullHandler())
    logging.getLogger("sim").propagate = False
    signal.signal(signal.SIGPROF, _too_slow)
    cls: Callable[[], Target] = getattr(importlib.import_module(module), name)
    target = cls()
    target.renew()
    _limit_rights()
    seeds = [*seeds, *target.corpus()]
    words = [word.encode("utf-8", "surrogatepass") for word in target.WORDS]
    seen: set[str] = set()
    renewed = 0
    for index in range(first, last):
        at.value = index
        if index % target.RENEW_EVERY == 0:
            target.renew()
            if renewed % 20 == 0:
                gc.collect()  # machines are large
            renewed += 1
        data = input_of(target, seeds, words, seed, index)
        wrong = outcome(target, data)
        if wrong is None:
            continue
        key, text = wrong
        if key not in seen:
            seen.add(key)
            target.renew()
            smaller = reduced(data, functools.partial(_same, target, key))
            pipe.send(Find(key, smaller, text))
        target.renew()
        if _peak() > 3 * MEGABYTES:
            break
    pipe.send(None)


def _same(target: Target, key: str, data: bytes) -> bool:
    target.renew()
    wrong = outcome(target, data)
    return wrong is not None and wrong[0] == key


def _too_slow(number: int, frame: object) -> None:
    raise TooSlow
