"""``crosscam evaluate --on-board``: the same file whoever does the work, and work that was broken off goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import pytest

pytest.importorskip("pycocotools")

from model.dataset.coco import Sample, Source, read_source
from model.tests.conftest import make_coco_tree
from scripts.board_unit import BoardUnit, Scored, run_unit
from scripts.evaluate_board import Spread, score_on_board
from scripts.tests.conftest import MODEL, ROOT
from sim.errors import CrosscamError
from sim.scale import workers

NETWORK = MODEL / "model.tflite"
PICTURES = 10


@pytest.fixture
def samples(tmp_path: Path) -> list[Sample]:
    objects: dict[int, list[tuple[int, float]]] = {
        n: [[(1, 9000.0)], [(3, 9000.0)], []][n % 3] for n in range(PICTURES)
    }
    make_coco_tree(tmp_path, "toy", "val", objects)
    return read_source(tmp_path, Source("toy", "val"))


@pytest.mark.slow
def test_work_that_was_broken_off_goes_on(
    samples: list[Sample], elf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[int] = []

    def in_turn(
        job: object, units: Iterable[tuple[int, BoardUnit]], count: int, take: Callable[[int, object], object]
    ) -> None:
        for number, unit in units:
            if len(done) == 2:
                done.append(-1)
                raise CrosscamError("the lights went out")
            done.append(number)
            take(number, [asdict(Scored(name, (number,), (number,), 7)) for name in unit.names])

    monkeypatch.setattr(workers, "on_processes", in_turn)
    results = tmp_path / "scores.jsonl"
    with pytest.raises(CrosscamError, match="the lights went out"):
        score_on_board(samples, elf, NETWORK, Spread(1, unit=3), results)
    assert not results.exists()
    with pytest.raises(CrosscamError, match="results of other firmware, pictures or units"):
        score_on_board(samples, elf, NETWORK, Spread(1, unit=4), results)
    scored = score_on_board(samples, elf, NETWORK, Spread(1, unit=3), results)
    assert done == [0, 1, -1, 2, 3]
    assert [each.scores for each in scored] == [(n // 3,) for n in range(PICTURES)]
    assert [Scored.read(json.loads(line)) for line in results.read_text().splitlines()] == scored
    assert not results.with_name("scores.jsonl.units").exists()


def test_results_that_cannot_be_written_are_told_before_the_work(
    samples: list[Sample], elf: Path, tmp_path: Path
) -> None:
    with pytest.raises(CrosscamError, match="no plain file"):
        score_on_board(samples, elf, NETWORK, Spread(1), tmp_path)


def test_a_picture_that_cannot_be_read_has_its_problem(samples: list[Sample], elf: Path) -> None:
    contents = ("it is gone", b"no picture", samples[0].path.read_bytes())
    unit = BoardUnit(("gone", "broken", "good"), contents, elf.read_bytes(), NETWORK.read_bytes(), 1, "instructions")
    gone, broken, good = map(Scored.read, run_unit(unit))
    assert gone.problem == "gone: it is gone"
    assert broken.problem == "broken: not a picture that can be decoded (of no kind that is known)"
    assert (good.problem, good.scores) == ("", good.reference) and len(good.scores) == 3 and good.cycles > 0


def test_a_file_that_cannot_be_read_costs_its_picture_and_no_other(samples: list[Sample], elf: Path) -> None:
    """Somewhere in a million pictures there is one: the work does not end with it."""
    missing, folder = samples[0].path, samples[1].path
    for path in (missing, folder):
        path.unlink()
    folder.mkdir()
    scored = score_on_board(samples[:2], elf, NETWORK, Spread(1))
    assert [each.problem.partition(": ")[2] for each in scored] == [
        "the annotations name this picture, but it is not there",
        "Is a directory: expected a picture that can be read",
    ]


@pytest.mark.slow
def test_a_dask_worker_killed_on_the_way_changes_nothing(samples: list[Sample], elf: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    import psutil

    alone, spread = tmp_path / "alone.jsonl", tmp_path / "spread.jsonl"
    command = [sys.executable, "-m", "scripts.main", "evaluate", MODEL, "--data-root", tmp_path, "--set", "toy/val"]
    command += ["--on-board", "all", "--elf", elf, "--unit", "2", "--results"]
    subprocess.run([*command, alone, "--workers", "1"], cwd=ROOT, check=True, timeout=300)
    process = subprocess.Popen([*command, spread, "--workers", "2", "--dask", "local"], cwd=ROOT)
    try:
        units, deadline = spread.with_name("spread.jsonl.units"), time.monotonic() + 300
        while len(list(units.glob("0*.json"))) < 1:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        nannies = psutil.Process(process.pid).children(recursive=True)
        working = [each for each in nannies if "spawn_main" in " ".join(each.cmdline())]
        working[0].kill()
        assert process.wait(300) == 0
    finally:
        process.kill()
    assert spread.read_bytes() == alone.read_bytes()
    assert len(spread.read_text().splitlines()) == PICTURES
