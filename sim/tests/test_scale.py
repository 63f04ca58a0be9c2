"""Units of work: each result once, whoever dies on the way; work that was broken off goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.scale import workers
from sim.scale.journal import Journal
from sim.scale.workers import on_dask, on_processes

Unit = tuple[int, str, str]
"""A number, the folder where deaths are noted, what befalls the worker."""


def squared(unit: Unit) -> int:
    """The number's square; ``dies``: the first time the worker is killed, ``always``: every time."""
    number, folder, fate = unit
    if fate == "fails":
        raise CrosscamError(f"unit {number} cannot be done")
    if fate and (fate == "always" or not Path(folder, str(number)).exists()):
        Path(folder, str(number)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def units(folder: Path, fates: dict[int, str], count: int = 9) -> Iterable[tuple[int, Unit]]:
    return ((number, (number, str(folder), fates.get(number, ""))) for number in range(count))


def results(run: Callable[[Callable[[int, int], None]], None]) -> dict[int, int]:
    found: dict[int, int] = {}

    def take(number: int, result: int) -> None:
        assert number not in found
        found[number] = result

    run(take)
    return found


EXPECTED = {number: number * number for number in range(9)}


def test_processes_that_die_cost_no_result(tmp_path: Path) -> None:
    work = units(tmp_path, {2: "dies", 7: "dies"})
    assert results(lambda take: on_processes(squared, work, 2, take)) == EXPECTED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "7"]  # they did die


def test_a_unit_that_kills_whoever_does_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"workers died 3 times in a row at units .*\b8\b"):
        on_processes(squared, units(tmp_path, {8: "always"}), 1, lambda number, result: None)


def test_what_a_unit_raises_ends_the_work(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="unit 3 cannot be done"):
        on_processes(squared, units(tmp_path, {3: "fails"}), 1, lambda number, result: None)


@pytest.mark.slow
def test_a_dask_worker_that_dies_costs_no_result(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    work = units(tmp_path, {2: "dies"})
    assert results(lambda take: on_dask(squared, work, None, 2, take)) == EXPECTED
    assert [path.name for path in tmp_path.iterdir()] == ["2"]


def test_nobody_at_the_schedulers_address(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "_SECONDS_TO_ANSWER", 1)
    with pytest.raises(CrosscamError, match=r"--dask tcp://127\.0\.0\.1:9: .*expected a scheduler"):
        on_dask(squared, [], "tcp://127.0.0.1:9", 1, lambda number, result: None)


def test_a_journal_knows_what_is_done_and_of_what(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "units", {"firmware": "a"})
    journal.write(3, [1, 2])
    journal.write(3, "again")
    again = Journal(tmp_path / "units", {"firmware": "a"})
    assert [number for number in range(5) if number in again] == [3]
    assert again.read(3) == [1, 2]
    with pytest.raises(CrosscamError, match="results of other firmware"):
        Journal(tmp_path / "units", {"firmware": "b"})
    again.remove()
    assert not (tmp_path / "units").exists()


def test_a_strangers_folder_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(CrosscamError, match="not empty"):
        Journal(tmp_path, {})
    assert (tmp_path / "letter.txt").exists()
