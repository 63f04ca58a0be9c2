"""The wheel: one package, no tests, and all that an empty folder needs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.packaging.one_name import PACKAGES, renamed, renamed_libraries

ROOT = Path(__file__).parents[2]
BUILD = (
    "import sys; sys.path.insert(0, 'scripts/packaging'); import wheel_backend; wheel_backend.build_wheel(sys.argv[1])"
)
# The editable installation these tests run in must not help out: without the wheel's own name nothing is found.
COMMAND = (
    f"import sys; sys.modules.update(dict.fromkeys({PACKAGES}))\n"
    "from crosscam.scripts.main import main\n"
    "sys.argv[0] = 'crosscam'; main()"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("crosscam-*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    wheel.extractall(folder)
    return folder


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "an empty folder, it's here"
    folder.mkdir()
    return folder


def crosscam(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", COMMAND, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_it_holds_one_package_and_no_tests(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"crosscam"}
    (points,) = (name for name in names if name.endswith("/entry_points.txt"))
    assert wheel.read(points).decode().split("\n")[1] == "crosscam = crosscam.scripts.main:main"
    assert [name for name in names if "/tests/" in name or re.search(r"/(test_|conftest)[^/]*\.py$", name)] == []
    assert [name for name in names if "__pycache__" in name or "/generated/" in name] == []


@pytest.mark.parametrize(
    "pattern",
    [
        "firmware/Makefile", "firmware/app/*.c", "firmware/chip/stm32h743/*.ld", "firmware/nn/*.h",
        "model/compiler/templates/*.j2", "model/configs/*.py", "model/zoo/*/card.toml", "model/zoo/*/*.tflite",
        "robot_tests/*.robot", "robot_tests/figures.json", "sim/board/*.repl", "sim/board/*.resc",
        "sim/engine/timing/chips/*.toml", "sim/engine/truth/chips/*", "sim/peripherals/*.py", "sim/frames/*.toml",
        "scripts/starter/.github/workflows/*.yml", "sim/robot/*.robot",
    ],
)  # fmt: skip
def test_it_holds_what_a_user_needs(installed: Path, pattern: str) -> None:
    here = {path.relative_to(ROOT) for path in ROOT.glob(pattern)}
    there = {path.relative_to(installed / "crosscam") for path in (installed / "crosscam").glob(pattern)}
    assert here and here == there


def test_no_module_imports_a_name_outside_it(installed: Path) -> None:
    found: list[str] = []
    for path in (installed / "crosscam").rglob("*.py"):
        if not {"peripherals", "board"} & set(path.parts):
            found += [f"{path.name}: {name}" for name in _imported(path) if name.split(".")[0] in PACKAGES]
    assert found == []


def _imported(path: Path) -> Sequence[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.append(node.module or "")
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return names


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from sim.boot import Board", "from crosscam.sim.boot import Board"),
        ("if x:\n    from model import compiler", "if x:\n    from crosscam.model import compiler"),
        ("from sim import (\n    boot,\n    files,\n)", "from crosscam.sim import (\n    boot,\n    files,\n)"),
        ("import sim", "from crosscam import sim"),
        ("import sim.files", "import crosscam.sim.files; from crosscam import sim"),
        ("import os, model.card as card", "import os; import crosscam.model.card as card"),
        ("x = 1; import sim.boot as b; y = 2", "x = 1; import crosscam.sim.boot as b; y = 2"),
        ("'run `python -m scripts.figures`'", "'run `python -m crosscam.scripts.figures`'"),
        ("from simple import sim", "from simple import sim"),
        ("from . import sim", "from . import sim"),
        ("logging.getLogger('sim.machine')", "logging.getLogger('sim.machine')"),
    ],
)
def test_imports_are_renamed(source: str, expected: str) -> None:
    assert renamed(f"{source}\n") == f"{expected}\n"


def test_libraries_of_suites_are_renamed() -> None:
    suite = "*** Settings ***\nLibrary             sim.robot.verdict\nLibrary    Collections\n# Library sim.x\n"
    assert renamed_libraries(suite) == suite.replace("   sim.robot", "   crosscam.sim.robot")


def test_compile_finds_the_shipped_model(installed: Path, empty: Path) -> None:
    done = crosscam(installed, empty, "compile", "model/zoo/person_car_160")
    assert done.returncode == 0, done.stderr
    assert (empty / "firmware" / "generated" / "model.c").is_file()


def test_a_file_that_is_nowhere_is_still_told(installed: Path, empty: Path) -> None:
    done = crosscam(installed, empty, "compile", "model/zoo/none")
    assert done.returncode == 2 and "model/zoo/none" in done.stderr
    assert list(empty.iterdir()) == []


@pytest.mark.slow
def test_run_and_robot_work_in_an_empty_folder(installed: Path, empty: Path) -> None:
    """The firmware is compiled, the demo frames are made, and the board says what the host says."""
    run = crosscam(installed, empty, "run", "--count", "1", "--timing", "instructions")
    assert run.returncode == 0, run.stderr
    assert "PASS: 1 of 1 predictions" in run.stdout
    robot = crosscam(
        installed,
        empty,
        "robot",
        "robot_tests/boot.robot",
        "--elf",
        "build/crosscam.elf",
        "--frames",
        "build/frames/demo",
    )
    assert robot.returncode == 0, robot.stdout + robot.stderr
    assert (empty / "build" / "robot" / "xunit.xml").is_file()
