"""Coverage of a program counted by hand, its files, and their sums."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from sim.coverage import cobertura, lcov
from sim.coverage.collector import Collector
from sim.coverage.reports import below, write_reports
from sim.coverage.result import Coverage, FileCoverage
from sim.engine.machine.new_machines import watching
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.tests.firmware_bench import ROOT
from sim.tests.profile_bench import PROGRAMS, booted, built

SOURCE = PROGRAMS / "covered.c"
TEXT = SOURCE.read_text().splitlines()
COUNTED = {
    "static uint32_t odd(": 3,
    "if (value & 1u)": 3,
    "return 1;": 1,
    "return 0;": 2,
    "static void never(void)": 0,
    "sum = 99;": 0,
    "static void reset_handler(void)": 1,
    "for (uint32_t i = 0": 4,  # three turns, and the way out
    "if (odd(i))": 3,
    "sum += i;": 1,
    "if (limit == 0)": 1,
    "never();": 0,
    '__asm volatile("wfi")': 1,
}
"""What begins so runs so often: three turns with 0, 1 and 2, of which one is odd."""
BRANCHES = {"if (value & 1u)": {1, 2}, "for (uint32_t i = 0": {1, 3}, "if (odd(i))": {1, 2}, "if (limit == 0)": {0, 1}}
"""How often each of the two outcomes occurred, whichever is the jump."""


def line(text: str) -> int:
    return next(number for number, each in enumerate(TEXT, 1) if text in each)


def collect(elf: Path, timing: str = "instructions") -> Coverage:
    collector = Collector()
    with watching(collector.watch):
        machine = booted(elf, timing)
        machine.run_until(lambda: bool(machine.cpu.sleeping), 0.001)
    return collector.coverage()


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("covered.c", tmp_path_factory.mktemp("covered"), flags=("-O0",))


@pytest.fixture(scope="module", params=["instructions", "cortex-m7"])
def coverage(request: pytest.FixtureRequest, elf: Path) -> Coverage:
    return collect(elf, request.param)


@pytest.fixture(scope="module")
def once(elf: Path) -> Coverage:
    return collect(elf)


def only_file(coverage: Coverage) -> FileCoverage:
    assert list(coverage.files) == [str(SOURCE.resolve())]
    return coverage.files[str(SOURCE.resolve())]


def test_lines_and_branches_are_those_counted_by_hand(coverage: Coverage) -> None:
    file = only_file(coverage)
    assert {text: file.lines[line(text)] for text in COUNTED} == COUNTED
    assert {text: set(file.branches[line(text), 0]) for text in BRANCHES} == BRANCHES
    assert len(file.branches) == len(BRANCHES)
    assert {name: calls for name, (_, calls) in file.functions.items()} == {"odd": 3, "never": 0, "reset_handler": 1}
    assert file.functions["odd"][0] == line("static uint32_t odd(")
    assert coverage.totals()["branches"] == (7, 8) and coverage.totals()["functions"] == (2, 3)


def test_with_zig_the_lines_count_the_same(tmp_path: Path) -> None:
    file = only_file(collect(built("covered.c", tmp_path, "zig", ("-O0",))))
    assert {text: file.lines[line(text)] for text in COUNTED} == COUNTED


def test_an_info_file_is_read_as_it_was_written(once: Coverage, tmp_path: Path) -> None:
    (tmp_path / "a.info").write_text(lcov.written(once))
    again = lcov.read(tmp_path / "a.info")
    assert again.files == dict(once.files)
    again.add(once)
    assert only_file(again).lines[line("for (uint32_t i = 0")] == 8
    assert only_file(again).functions["odd"][1] == 6
    assert again.totals() == once.totals()


def test_an_info_file_has_the_rows_of_lcov(once: Coverage) -> None:
    rows = lcov.written(once).splitlines()
    first = line("if (limit == 0)")
    taken, passed = only_file(once).branches[first, 0]
    assert {f"BRDA:{first},0,0,{taken}", f"BRDA:{first},0,1,{passed}", "FNDA:3,odd", "BRF:8", "BRH:7"} <= set(rows)
    assert rows[0] == "TN:crosscam" and rows[-1] == "end_of_record"


@pytest.mark.parametrize("text", ["", "SF:a.c\nDA:1\n", "SF:a.c\nBRDA:1,0,2,3\n", "DA:1,2\n"])
def test_what_is_no_info_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.info").write_text(text)
    with pytest.raises(CrosscamError, match=r"bad\.info"):
        lcov.read(tmp_path / "bad.info")


def test_reports_are_written_and_read_by_gcovr(once: Coverage, tmp_path: Path) -> None:
    assert write_reports(once, tmp_path / "out", ROOT) == []
    document = ElementTree.parse(tmp_path / "out" / "coverage.xml").getroot()
    assert document.get("lines-covered") == "12" and document.get("branches-valid") == "8"
    (entry,) = document.iter("class")
    assert entry.get("filename") == SOURCE.resolve().relative_to(ROOT).as_posix()
    pages = list((tmp_path / "out" / "html").glob("index*covered*.html"))
    assert len(pages) == 1 and "never" in pages[0].read_text()


def test_no_source_outside_of_the_root_is_shown(once: Coverage, tmp_path: Path) -> None:
    (root := tmp_path / "root").mkdir()
    (note,) = write_reports(once, tmp_path / "out", root)
    assert "no pages were made: no source file lies below" in note
    assert not (tmp_path / "out" / "html").exists()


def test_names_of_strangers_break_no_file() -> None:
    strange = Coverage()
    strange.files['a<b>&"\n\x1b.c'].lines[1] = 1
    strange.files['a<b>&"\n\x1b.c'].functions["f\n<g>"] = 1, 1
    ElementTree.fromstring(cobertura.written(strange, "/x"))
    assert len(lcov.written(strange).splitlines()) == 12


def test_files_are_named_from_the_root_and_only_whole_folders_count() -> None:
    found = Coverage()
    for name in ("/src/a.c", "/srcs/b.c"):
        found.files[name].lines[1] = 1
    assert set(below(found, Path("/src")).files) == {"a.c", "/srcs/b.c"}


def test_a_firmware_without_debug_information_is_said_once(tmp_path: Path) -> None:
    bare = built("covered.c", tmp_path, flags=("-g0",))
    told: list[str] = []
    collector = Collector(told.append)
    with watching(collector.watch):
        booted(bare, "instructions")
        booted(bare, "instructions")
    with pytest.raises(CrosscamError, match="build it with -g"):
        collector.coverage()
    assert len(told) == 1 and "no source lines" in told[0]


def test_a_machine_is_not_kept_and_its_coverage_stays(elf: Path) -> None:
    import gc
    import weakref

    collector = Collector()
    with watching(collector.watch):
        monitor = Monitor()
        monitor.variables["bin"] = str(elf)
        monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
        monitor.machine.run_for(1e-5)
        machine = weakref.ref(monitor.machine)
        monitor.close()
        del monitor
    gc.collect()
    assert machine() is None
    assert collector.coverage().totals()["functions"] == (2, 3)
