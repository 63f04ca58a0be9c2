"""``--no-python``: no way by which Python of a stranger's file comes in is open, and our own boards still boot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sim.boot import BOARD_SCRIPT
from sim.engine.monitor import Monitor
from sim.engines import open_board
from sim.errors import CrosscamError
from sim.python_permission import VARIABLE, forbid_python, is_forbidden, is_shipped
from sim.robot.library import RenodeKeywords
from sim.robot.runner import run_suites
from sim.robot.session import KeywordException
from sim.robot.snapshots import FORMAT
from sim.tests.test_engine_machine import elf
from sim.text import monitor_path

SIM = Path(__file__).parents[1]
OURS = SIM / "board" / "stm32h743.resc"
CAMERA = SIM / "board" / "crosscam_camera.py"
REFUSED = rf"is refused \(--no-python or {VARIABLE}\)"
BOARD = """
cpu: CPU.CortexM @ sysbus { cpuType: "cortex-m7"; nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { -> cpu@0 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x1000 }
"""
HOOK = "\"open('ran', 'w').close()\""
PERIPHERAL = "p: Python.PythonPeripheral @ sysbus 0x0 { size: 4; initable: true; %s }"


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where each way leaves a file when its Python runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "board.repl").write_text(BOARD)
    (tmp_path / "mark.py").write_text("open('ran', 'w').close()\n")
    (tmp_path / "file.repl").write_text(PERIPHERAL % 'filename: "mark.py"')
    (tmp_path / "inline.repl").write_text(PERIPHERAL % "script: \"open('ran', 'w').close()\"")
    (tmp_path / "firmware.elf").write_bytes(elf([(0x08000000, bytes(8))]))
    return tmp_path


RUN = "python \"open('ran', 'w').close()\""
BUILT = "mach create\nmachine LoadPlatformDescription @board.repl\n"
WAYS = {
    "a command": RUN,
    "its short form": RUN.replace("python", "py", 1),
    "a file": "include @mark.py",
    "its short form of a file": "i @mark.py",
    "a macro": f'macro m\n"""\n{RUN}\n"""\nrunMacro $m',
    "a variable": '$x="include @mark.py"\nexecute $x',
    "an alias": 'alias run "include @mark.py"\nrun',
    "a backtick": f"echo `{RUN}`",
    "a device's script file": "mach create\nmachine LoadPlatformDescription @file.repl\nsysbus ReadByte 0",
    "a device's own script": "mach create\nmachine LoadPlatformDescription @inline.repl\nsysbus ReadByte 0",
    "a device made by command": 'mach create\nmachine PyDevFromFile @mark.py 0x0 4 True "p"\nsysbus ReadByte 0',
    "a hook of the core": f"{BUILT}cpu AddHook 0x20000000 {HOOK}",
    "a hook of interrupts": f"{BUILT}cpu AddHookAtInterruptBegin {HOOK}",
    "a hook of the bus": f"{BUILT}sysbus AddWatchpointHook 0x20000000 Byte Write {HOOK}\nsysbus WriteByte 0x20000000 1",
    "our board before it": f"$bin=@firmware.elf\ninclude {monitor_path(OURS)}\n{RUN}",
}


@pytest.mark.usefixtures("forbidden")
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_python_of_a_script_is_refused(folder: Path, way: str) -> None:
    script = folder / "board.resc"
    script.write_text(way)
    with pytest.raises(CrosscamError, match=REFUSED) as caught:
        Monitor().include(script)
    assert str(caught.value).startswith(str(script))
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("name", ["a command", "a file", "a macro", "a device's script file", "a device's own script"])
def test_without_the_option_it_runs(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways above are ways."""
    monkeypatch.setenv(VARIABLE, "0")
    (folder / "board.resc").write_text(WAYS[name])
    Monitor().include(folder / "board.resc")
    assert (folder / "ran").exists()


@pytest.mark.usefixtures("forbidden")
@pytest.mark.parametrize("section", [f"init:\n        AddHook 0x20000000 {HOOK}", "preinit:\n        include @mark.py"])
def test_python_of_a_section_is_refused(folder: Path, section: str) -> None:
    (folder / "init.repl").write_text(f"{BOARD}\ncpu:\n    {section}\n")
    monitor = Monitor()
    monitor.execute("mach create")
    with pytest.raises(CrosscamError, match=REFUSED):
        monitor.include(folder / "init.repl")
    assert not (folder / "ran").exists()


@pytest.mark.usefixtures("forbidden")
def test_python_of_keywords_and_snapshots_is_refused(folder: Path) -> None:
    library = RenodeKeywords()
    library.reset_emulation()
    with pytest.raises(KeywordException, match=REFUSED):
        library.execute_python("open('ran', 'w').close()")
    step = {"keyword": "execute_python", "positional": ["open('ran', 'w').close()"], "named": {}}
    document = {"format": FORMAT, "timing": "instructions", "files": {}, "steps": [step]}
    (folder / "state.save").write_text(json.dumps(document))
    with pytest.raises(KeywordException, match=REFUSED):
        library.execute_command("Load @state.save")
    assert not (folder / "ran").exists()


@pytest.mark.usefixtures("forbidden")
def test_a_suite_is_refused_before_it_is_read(folder: Path) -> None:
    suite = folder / "suite.robot"
    suite.write_text("*** Test Cases ***\nOne\n    Evaluate    open('ran', 'w').close()\n")
    with pytest.raises(CrosscamError, match=r"suite\.robot: Python is refused .* a Robot suite is Python by design"):
        run_suites([suite], output=folder / "out")
    assert not (folder / "ran").exists() and not (folder / "out").exists()


@pytest.mark.usefixtures("forbidden")
def test_another_board_is_refused_for_renode(folder: Path) -> None:
    (folder / "board.resc").write_text(RUN)
    with pytest.raises(CrosscamError, match=REFUSED):
        open_board("renode", folder / "x.elf", None, "", folder / "board.resc")


@pytest.mark.usefixtures("forbidden")
def test_our_own_boards_boot(tmp_path: Path) -> None:
    for script in (BOARD_SCRIPT, BOARD_SCRIPT.with_name("stm32h743.resc")):
        monitor = Monitor()
        assert "python" in script.read_text()
        monitor.execute("$bin=@nothing.elf")
        with pytest.raises(CrosscamError, match=r"nothing\.elf"):  # all but the firmware
            monitor.include(script)
        assert monitor.machine.devices


@pytest.mark.usefixtures("forbidden")
def test_a_copy_of_our_board_is_a_strangers(tmp_path: Path) -> None:
    shutil.copytree(SIM / "board", tmp_path / "sim" / "board")
    with pytest.raises(CrosscamError, match=REFUSED):
        Monitor().include(tmp_path / "sim" / "board" / BOARD_SCRIPT.name)


def test_ours_is_what_lies_in_our_folders_without_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_shipped(str(CAMERA)) and is_shipped(str(SIM / "board" / ".." / "peripherals" / "ov7670.py"))
    monkeypatch.chdir(SIM)
    assert is_shipped("board/crosscam_camera.py")
    (tmp_path / "board").mkdir()
    link = tmp_path / "board" / "crosscam_camera.py"  # would load ../peripherals/ov7670.py, a stranger's
    link.symlink_to(CAMERA)
    assert not is_shipped(str(link))
    assert not is_shipped(str(SIM / "board" / "missing.py"))
    assert not is_shipped(str(SIM / "python_permission.py"))
    assert not is_shipped(str(SIM / "board" / ".." / "board" / ".."))
    assert not is_shipped("<python>") and not is_shipped("") and not is_shipped("a\0b")
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    assert not is_shipped(str(tmp_path / "ring" / "crosscam_camera.py"))
    folder_link = tmp_path / "sim"  # the very folder by another name: its neighbours are ours too
    folder_link.symlink_to(SIM)
    assert is_shipped(str(folder_link / "board" / "crosscam_camera.py"))


def test_a_link_in_our_folder_that_leads_away_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs.py"
    ours.mkdir()
    theirs.write_text("")
    (ours / "x.py").symlink_to(theirs)
    (ours / "y.py").write_text("")
    monkeypatch.setattr("sim.python_permission._SHIPPED", (ours.resolve(),))
    assert is_shipped(str(ours / "y.py")) and not is_shipped(str(ours / "x.py"))


def test_the_variable_is_a_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, forbids in (("", False), ("0", False), ("1", True), ("yes", True)):
        monkeypatch.setenv(VARIABLE, value)
        assert is_forbidden() is forbids
    monkeypatch.setenv(VARIABLE, "0")
    forbid_python()
    assert is_forbidden()
