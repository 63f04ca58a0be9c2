"""How public Renode projects are written: folders named by variables, launchers, Windows paths, Python one-liners."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.engine.platform.limits import renode_folders
from sim.tests.test_renode_language import CORE, load, monitor


def test_cwd_is_the_folder_the_run_began_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "inner.resc").write_text("$found=$CWD/board.repl\n")
    monkeypatch.chdir(tmp_path)
    made = Monitor()
    made.execute("include @deep/inner.resc")
    assert made.variables["found"] == str(tmp_path / "board.repl")
    assert made.execute("echo $global.CWD") == str(tmp_path)


@pytest.mark.parametrize("line", [r"include @inner\one.resc", r"include $ORIGIN\inner\one.resc"])
def test_folders_may_be_separated_as_on_windows(tmp_path: Path, line: str) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "one.resc").write_text("$seen=1\n")
    (tmp_path / "outer.resc").write_text(f"{line}\n")
    made = Monitor()
    made.execute(f"include @{tmp_path / 'outer.resc'}")
    assert made.variables["seen"] == 1


@pytest.mark.parametrize("named", ["folder", "executable", "PATH"])
def test_platforms_are_found_behind_the_launcher_of_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    installed = tmp_path / "opt" / "renode"
    (installed / "platforms" / "cpus").mkdir(parents=True)
    (installed / "bin").mkdir()
    launcher = tmp_path / "bin" / "renode"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec mono {installed}/bin/Renode.exe "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.delenv("RENODE_PATH", raising=False)
    monkeypatch.setenv("PATH", str(launcher.parent) if named == "PATH" else "")
    if named != "PATH":
        monkeypatch.setenv("RENODE_PATH", str(launcher.parent if named == "folder" else launcher))
    assert renode_folders() == [installed]


def test_no_launcher_names_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "renode"
    binary.write_bytes(b"\x7fELF/opt/renode/bin")
    monkeypatch.setenv("RENODE_PATH", str(binary))
    assert renode_folders() == []


def test_python_writes_through_the_bus_of_the_machine() -> None:
    made = monitor("ram: Memory.MappedMemory @ sysbus 0x0 { size: 0x1000 }")
    made.execute("python \"for a in range(0x10, 0x20, 4): monitor.Machine['sysbus'].WriteDoubleWord(a, 0xFFFFFFFF)\"")
    assert made.execute("sysbus ReadQuadWord 0x18") == "0xFFFFFFFFFFFFFFFF"
    assert made.execute("sysbus ReadDoubleWord 0x20") == "0x00000000"


def test_a_register_may_share_the_last_page_of_a_memory() -> None:
    """STM32F2: the flash size word lies behind the 30 KB of system memory."""
    made = monitor(CORE)
    load(made, "ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x1000 }")
    load(made, "rom: Memory.MappedMemory @ sysbus 0x1FFF0000 { size: 0x7800 }")
    script = "request.Value = 0x400 if request.IsRead else 0"
    load(made, f"word: Python.PythonPeripheral @ sysbus 0x1FFF7A22 {{ size: 2; script: '''{script}''' }}")
    made.execute("sysbus WriteDoubleWord 0x1FFF77FC 0x12345678")
    for address, expected in ((0x1FFF7A22, 0x400), (0x1FFF77FC, 0x5678)):
        # ldr r0, [pc, #4]; ldrh r1, [r0]; b .; nop; .word address
        for offset, half in enumerate((0x4801, 0x8801, 0xE7FE, 0xBF00)):
            made.execute(f"sysbus WriteWord {0x20000100 + 2 * offset} {half}")
        made.execute(f"sysbus WriteDoubleWord 0x20000108 {address}")
        made.execute("cpu PC 0x20000100")
        made.execute('emulation RunFor "0.00001"')
        assert int(made.execute("cpu GetRegister 1"), 16) == expected
