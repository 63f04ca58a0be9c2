"""``RecordToAsciinema``: what a UART sends, as a recording that asciinema plays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.errors import CrosscamError

DESCRIPTION = """
cpu: CPU.CortexM @ sysbus { nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { -> cpu@0 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x1000 }
uart: UART.TrivialUart @ sysbus 0x40001000
"""


def test_characters_with_their_times(tmp_path: Path) -> None:
    monitor, file = Monitor(), tmp_path / "console.cast"
    monitor.execute("mach create")
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{DESCRIPTION}"""')
    monitor.execute("sysbus WriteDoubleWord 0x20000000 0xE7FEE7FE; cpu PC 0x20000000; cpu SP 0x20001000")
    monitor.execute(f"sysbus.uart RecordToAsciinema @{file} true 100 40")
    with pytest.raises(CrosscamError, match="already"):
        monitor.execute(f"sysbus.uart RecordToAsciinema @{file}")
    for byte in 'a"\n\u00e9'.encode() + b"\xff":
        monitor.execute(f"sysbus WriteByte 0x40001000 {byte}")
        monitor.execute('emulation RunFor "0.5"')
    monitor.close()
    header, *entries = [json.loads(line) for line in file.read_text().splitlines()]
    assert (header["version"], header["width"], header["height"], header["name"]) == (2, 100, 40, "uart")
    assert entries == [[0, "o", "a"], [0.5, "o", '"'], [1.0, "o", "\n"], [2.0, "o", "\u00e9"], [2.5, "o", "\ufffd"]]
