"""``crosscam evaluate --on-board``: the pictures in units, spread over workers, their scores together again."""

from __future__ import annotations

import hashlib
import json
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.board_unit import BoardUnit, Scored, run_unit
from scripts.console import tell
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from model.dataset.coco import Sample
    from sim.scale.journal import Journal

LOCAL = "local"
"""Instead of a scheduler's address: a Dask cluster of this machine."""


@dataclass(frozen=True)
class Spread:
    """How the work is spread: ``dask`` is a scheduler's address, ``LOCAL``, or None for ``workers`` processes; a unit
    has ``unit`` pictures. What comes out depends on ``unit`` and ``timing`` alone."""

    workers: int
    dask: str | None = None
    unit: int = 50
    timing: str = "instructions"


def wanted_count(on_board: str) -> int | None:
    """Pictures for the board by ``--on-board``; None: all of them.

    Raises:
        CrosscamError: neither a count nor `all`.
    """
    if on_board == "all":
        return None
    if not on_board.isdecimal():
        raise CrosscamError(f"--on-board {on_board}: expected a count of pictures, or all")
    return int(on_board)


def score_on_board(
    samples: Sequence[Sample],
    elf: Path,
    model: Path,
    spread: Spread,
    results: Path | None = None,
    outputs: int = 1,
) -> list[Scored]:
    """The samples' scores, in their order.

    Args:
        elf: firmware compiled from ``model``, a ``.tflite`` file.
        results: where to write them, one JSON object a line; while the work goes on a folder beside it keeps what is
            done, and work that was broken off goes on from there.
        outputs: how many of the model's outputs hold the scores.

    Raises:
        CrosscamError: no firmware, no file for the results; what workers and units raise.
    """
    from sim.boot import check_inputs
    from sim.files import write_text
    from sim.scale.journal import Journal

    check_inputs(elf, None)
    if results is not None and results.exists() and not results.is_file():
        raise CrosscamError(f"cannot write {results}: it is no plain file; name another one for the results")
    firmware, network = elf.read_bytes(), model.read_bytes()
    began, used = time.perf_counter(), _processor_seconds()
    units = [samples[at : at + spread.unit] for at in range(0, len(samples), spread.unit)]
    with tempfile.TemporaryDirectory(prefix="crosscam-evaluate-") as scratch:
        folder = Path(scratch) / "units" if results is None else results.with_name(f"{results.name}.units")
        journal = Journal(folder, _plan(samples, firmware, network, spread) | {"outputs": outputs})
        missing = [number for number in range(len(units)) if number not in journal]
        _work(journal, missing, units, (firmware, network, outputs), spread)
        scored = [Scored.read(each) for number in range(len(units)) for each in journal.read(number)]
        if results is not None:
            write_text(results, "".join(json.dumps(asdict(each)) + "\n" for each in scored))
            journal.remove()
    wall, processor = time.perf_counter() - began, _processor_seconds() - used
    count = sum(len(units[number]) for number in missing)
    tell(
        f"{count} pictures in {wall:.1f} s, {count / wall:.2f} a second; {processor:.1f} s of processor time of this "
        "computer"
    )
    return scored


def tell_equal(boards: Sequence[Scored]) -> None:
    """Say how many scores of the board are LiteRT's; ends with status 1 where some are not."""
    import typer

    differing = sum(each.scores != each.reference for each in boards)
    typer.echo(f"board: {len(boards) - differing} of {len(boards)} pictures with LiteRT's scores, bit for bit")
    if differing:
        raise typer.Exit(1)


def _processor_seconds() -> float:
    """Of this process and of those it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _plan(samples: Sequence[Sample], firmware: bytes, network: bytes, spread: Spread) -> dict[str, object]:
    names = hashlib.sha256()
    for sample in samples:
        try:
            size = sample.path.stat().st_size
        except OSError:
            size = -1
        names.update(f"{_name(sample)} {size}\n".encode())
    return {
        "firmware": hashlib.sha256(firmware).hexdigest(),
        "model": hashlib.sha256(network).hexdigest(),
        "pictures": names.hexdigest(),
        "count": len(samples),
        "unit": spread.unit,
        "timing": spread.timing,
    }


def _work(
    journal: Journal,
    missing: list[int],
    units: list[Sequence[Sample]],
    images: tuple[bytes, bytes, int],
    spread: Spread,
) -> None:
    from rich.progress import Progress

    from scripts.console import terminal
    from sim.scale.workers import on_dask, on_processes

    def loaded() -> Iterator[tuple[int, BoardUnit]]:
        for number in missing:
            yield number, _unit(units[number], *images, spread.timing)

    console = terminal(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("pictures", total=sum(len(units[number]) for number in missing))

        def take(number: int, result: object) -> None:
            journal.write(number, result)
            progress.advance(task, len(units[number]))

        if spread.dask is None and len(missing) <= 1:  # not worth the start of a process
            for number, unit in loaded():
                take(number, run_unit(unit))
        elif spread.dask is None:
            on_processes(run_unit, loaded(), min(spread.workers, len(missing)), take)
        else:
            address = None if spread.dask == LOCAL else spread.dask
            on_dask(run_unit, loaded(), address, spread.workers, take)


def _unit(samples: Sequence[Sample], firmware: bytes, network: bytes, outputs: int, timing: str) -> BoardUnit:
    names, pictures = map(_name, samples), map(_content, samples)
    return BoardUnit(tuple(names), tuple(pictures), firmware, network, outputs, timing)


def _content(sample: Sample) -> bytes | str:
    try:
        return sample.path.read_bytes()
    except FileNotFoundError:
        return "the annotations name this picture, but it is not there"
    except OSError as error:
        return f"{error.strerror}: expected a picture that can be read"


def _name(sample: Sample) -> str:
    return f"{sample.source.name}/{sample.path.name}"
