"""Which files a board is made of: descriptions, scripts and what scripts open; nothing that others read meanwhile."""

from __future__ import annotations

from pathlib import Path

from sim.engine.monitor import Monitor
from sim.files_read import FilesRead
from sim.recording.inputs import board_files
from sim.text import monitor_path

SCRIPT = """
if request.IsInit:
    import os
    here = os.path.dirname(r"{folder}/sensor.py")
elif request.IsRead:
    request.Value = len(open(os.path.join(here, "tables", "curve.txt")).read())
"""
PLATFORM = """
mem: Memory.MappedMemory @ sysbus 0x20000000
    size: 0x100
sensor: Python.PythonPeripheral @ sysbus 0x40000000
    size: 0x10
    initable: true
    filename: "{folder}/sensor.py"
"""


def heard(folder: Path) -> dict[str, str]:
    """Of a board in ``folder`` that is made and used, while others read a file there, too."""
    with FilesRead() as read:
        monitor = Monitor()
        monitor.include(folder / "board.resc")
        assert monitor.machine.sysbus.read(0x40000000, 4) == len("1 2 3")
        (folder / "notes.txt").read_text()
        (folder / "frames" / "0000.rgb565").read_bytes()
    (folder / "later.txt").read_text()
    return board_files(read, folder / "board.resc", folder / "firmware.elf", folder / "frames")


def test_a_board_is_what_it_reads_and_no_more(tmp_path: Path) -> None:
    for name in ("tables", "frames"):
        (tmp_path / name).mkdir()
    for name, content in {
        "board.resc": f"mach create\nmachine LoadPlatformDescription {monitor_path(tmp_path / 'board.repl')}\n",
        "board.repl": PLATFORM.format(folder=tmp_path),
        "sensor.py": SCRIPT.format(folder=tmp_path),
        "tables/curve.txt": "1 2 3",
        "notes.txt": "of somebody else",
        "later.txt": "after the run",
        "firmware.elf": "",
        "frames/0000.rgb565": "",
    }.items():
        (tmp_path / name).write_text(content)
    found = heard(tmp_path)
    assert sorted(found) == ["board.repl", "board.resc", "sensor.py", "tables/curve.txt"]
    assert heard(tmp_path) == found, "a second board of the process, whatever is kept of the first"
    (tmp_path / "tables" / "curve.txt").write_text("3 2 1")
    assert [name for name, digest in heard(tmp_path).items() if digest != found[name]] == ["tables/curve.txt"]
