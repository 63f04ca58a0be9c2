"""Peripherals of the H743 used as vendor drivers use them: polling, interrupts, DMA; each program says what works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.tests.firmware_bench import ROOT, TOOLCHAINS, build

FOLDER = Path(__file__).parent / "driver_orders"
DIGITS = b"0123456789"


class I2cMemory(Device):
    """256 bytes behind a pointer, as serial memories have them."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine, "memory")
        self.bytes, self.pointer = bytearray(256), 0

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.pointer = data[0]
        for value in data[1:]:
            self.bytes[self.pointer] = value
            self.pointer = self.pointer + 1 & 0xFF

    def read(self, count: int = 1) -> bytes:  # type: ignore[override]
        taken = bytes(self.bytes[self.pointer + index & 0xFF] for index in range(count))
        self.pointer = self.pointer + count & 0xFF
        return taken

    def finish_transmission(self) -> None:
        """STOP."""


class Complement(Device):
    """An SPI device that answers each byte with its complement."""

    def transmit(self, byte: int) -> int:
        return ~byte & 0xFF

    def finish_transmission(self) -> None:
        """Chip select goes inactive."""


class Bench:
    """The chip, what is soldered to it, and a host that does what the program asks for."""

    def __init__(self, elf: Path, timing: str = "instructions") -> None:
        monitor = Monitor(timing=timing)
        monitor.variables["bin"] = str(elf)
        monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
        self.machine = monitor.machine
        self.lines: list[str] = []
        self.sent = bytearray()
        self._line = bytearray()
        machine = self.machine
        machine.device("i2c1").register_child(I2cMemory(machine), 0x50)
        machine.device("spi1").register_child(Complement(machine, "complement"), 0)
        for channel in (1, 2, 3):
            machine.device("adc1").set_default_value(1000 * channel, channel)  # type: ignore[attr-defined]
        machine.device("usart3").on_char.append(self._hear)  # type: ignore[attr-defined]
        for name in ("usart2", "lpuart1"):
            machine.device(name).on_char.append(self.sent.append)  # type: ignore[attr-defined]
        self._wishes: dict[str, Callable[[], None]] = {
            "write to slave": lambda: self._call("i2c1", "master_write", 0x32, "01 02 03 04"),
            "read from slave": lambda: self._call("i2c1", "master_read", 0x32, 4),
            "digits, please": self._digits,
            "edges, please": lambda: self._edges(4),
        }

    def _digits(self) -> None:
        for digit in DIGITS:
            self._call("usart2", "write_char", digit)

    def _edges(self, left: int) -> None:
        self._call("timer3", "on_gpio", 1, left % 2 == 0)
        if left > 1:
            self.machine.clock.schedule(self.machine.clock.frequency // 10_000, lambda: self._edges(left - 1))

    def _call(self, device: str, method: str, *arguments: object) -> None:
        getattr(self.machine.device(device), method)(*arguments)

    def _hear(self, byte: int) -> None:
        if byte != 10:
            self._line.append(byte)
            return
        line = self._line.decode()
        self._line.clear()
        self.lines.append(line)
        if line in self._wishes:  # a tenth of a millisecond later
            self.machine.clock.schedule(self.machine.clock.frequency // 10_000, self._wishes[line])

    def run(self, seconds: float) -> list[str]:
        """What the program says but its wishes."""
        self.machine.run_until(lambda: "done" in self.lines, seconds)
        return [line for line in self.lines if line not in self._wishes]


@pytest.fixture(params=TOOLCHAINS)
def toolchain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


ON_WIRES = [("i2c", 18, b""), ("spi", 12, b""), ("uart", 25, b"pollinterruptby dmapollinterruptby dmalow power")]
"""Programs, how many checks they make, and what the other UARTs send."""


@pytest.mark.parametrize(
    ("program", "checks", "sent"), [*ON_WIRES, ("adc", 16, b""), ("timer", 11, b""), ("rtc", 13, b"")]
)
def test_a_driver_gets_what_the_manual_promises(
    toolchain: str, program: str, checks: int, sent: bytes, tmp_path: Path
) -> None:
    run_program(toolchain, program, checks, sent, tmp_path, "instructions")


@pytest.mark.parametrize(("program", "checks", "sent"), ON_WIRES)
def test_it_does_where_bits_take_their_time(program: str, checks: int, sent: bytes, tmp_path: Path) -> None:
    run_program(TOOLCHAINS[0], program, checks, sent, tmp_path, "cortex-m7")


def run_program(toolchain: str, program: str, checks: int, sent: bytes, folder: Path, timing: str) -> None:
    sources = tuple(str(FOLDER / name) for name in ("bench.c", f"{program}.c"))
    elf = build(toolchain, sources, str(FOLDER / "bench.ld"), folder / f"{program}.elf", (f"-I{FOLDER}",))
    bench = Bench(elf, timing)
    said = bench.run(6)
    assert said[-1:] == ["done"], said
    assert [line for line in said if not line.startswith("ok ")] == ["done"]
    assert len(said) == checks + 1 and bytes(bench.sent) == sent
