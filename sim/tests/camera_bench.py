"""A bench for the scripted camera: the two scripts, real DMA and DMAMUX models, memory, and registers that just store.

No core and no firmware: the test writes the registers a driver would write and lets virtual time pass.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.engine.devices.base import Device, Event
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.dma.stm32_dmamux import Stm32Dmamux
from sim.engine.devices.mocks.dummy_i2c_slave import DummyI2CSlave
from sim.engine.scripting import PythonPeripheral
from sim.tests.fake_services import FakeWindow

PERIPHERALS = Path(__file__).parents[1] / "peripherals"
BOARD = Path(__file__).parents[1] / "board"
MHZ = 480

DCMI, DMA2, DMAMUX, RCC, GPIO = 0x48020000, 0x40020400, 0x40020800, 0x58024400, 0x58020000
RAM, RAM_SIZE = 0x24000000, 0x80000
CR, SR, RIS, IER, MIS, ICR, CWSTRT, CWSIZE, DR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x20, 0x24, 0x28
CAPTURE, SNAPSHOT, CROP, PCKPOL, HSPOL, VSPOL, ENABLE = 1, 2, 4, 0x20, 0x40, 0x80, 0x4000
FRAME, OVERRUN, VSYNC, LINE = 1, 2, 8, 16
RIGHT_POLARITY = ENABLE | PCKPOL | VSPOL

QVGA_RGB565 = (
    "12:80 11:C0 12:14 40:D0 8C:00 0C:44 3E:19 70:3A 71:35 72:11 73:F1 A2:02 "
    "17:16 18:04 32:24 19:02 1A:7A 03:0A 15:00 3A:04"
)
"""What a driver writes for 320x240 RGB565, low byte first, 30 frames a second from a 24 MHz XCLK."""


class ClockEvent:
    def __init__(self, due: int, action: Callable[[], None]) -> None:
        self.due, self.action = due, action


class BenchClock:
    """Virtual time without a core: it jumps from event to event."""

    def __init__(self) -> None:
        self.now = 0
        self.consulted = False
        self.wires_take_time = False
        self.frequency = MHZ * 1_000_000
        self._heap: list[tuple[int, int, ClockEvent]] = []
        self._count = 0

    @property
    def exact_seconds(self) -> Fraction:
        return Fraction(self.now, self.frequency)

    def schedule(self, delay_cycles: int, action: Callable[[], None]) -> Event:
        event = ClockEvent(self.now + delay_cycles, action)
        self._count += 1
        heapq.heappush(self._heap, (event.due, self._count, event))
        return event

    def cancel(self, event: Event) -> None:
        raise NotImplementedError

    def run(self, microseconds: float) -> int:
        """Let time pass; how many events were served."""
        end = self.now + round(microseconds * MHZ)
        served = 0
        while self._heap and self._heap[0][0] <= end:
            self.now, _, event = heapq.heappop(self._heap)
            event.action()
            served += 1
        self.now = end
        return served


class Store(Device):
    """Registers that keep what was written."""

    RENODE_MEMBERS = ("ControlRead",)

    def __init__(self, bench: Bench, name: str) -> None:
        super().__init__(bench, name)
        self.values: dict[int, int] = {}

    def read(self, offset: int, width: int) -> int:
        return self.values.get(offset, 0)

    def write(self, offset: int, width: int, value: int) -> None:
        self.values[offset] = value


class Rcc(Store):
    """Registers, and what a board says of its crystal."""

    hse = 8_000_000

    def control_read(self, command: int, value: int) -> int:
        assert command == 2
        return self.hse


class Port(Store):
    """A GPIO port that remembers what drives its pads."""

    def __init__(self, bench: Bench, name: str) -> None:
        super().__init__(bench, name)
        self.driven: dict[int, bool] = {}

    def on_gpio(self, number: int, value: bool) -> None:
        self.driven[number] = value


class Interrupts(Device):
    """Levels of the interrupt inputs, and how often each rose."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench, "nvic")
        self.levels: dict[int, bool] = {}
        self.rises: dict[int, int] = {}

    def on_gpio(self, number: int, value: bool) -> None:
        if value and not self.levels.get(number):
            self.rises[number] = self.rises.get(number, 0) + 1
        self.levels[number] = value


class BenchBus:
    """Device windows and one RAM."""

    def __init__(self) -> None:
        self.windows: list[tuple[int, int, Device]] = []
        self.ram = bytearray(RAM_SIZE)
        self.watched = False

    def _find(self, address: int) -> tuple[Device, int]:
        for start, size, device in self.windows:
            if start <= address < start + size:
                return device, address - start
        raise AssertionError(f"nothing at 0x{address:08X}")

    def read(self, address: int, width: int) -> int:
        if RAM <= address < RAM + RAM_SIZE:
            return int.from_bytes(self.read_bytes(address, width), "little")
        device, offset = self._find(address)
        return device.read(offset, width)

    def write(self, address: int, width: int, value: int) -> None:
        if RAM <= address < RAM + RAM_SIZE:
            self.write_bytes(address, value.to_bytes(width, "little"))
            return
        device, offset = self._find(address)
        device.write(offset, width, value)

    def window_at(self, address: int) -> FakeWindow | None:
        return next(
            (FakeWindow(device, start) for start, size, device in self.windows if start <= address < start + size), None
        )

    def read_bytes(self, address: int, count: int) -> bytes:
        return bytes(self.ram[address - RAM : address - RAM + count])

    def write_bytes(self, address: int, data: bytes) -> None:
        self.ram[address - RAM : address - RAM + len(data)] = data

    def memory_at(self, address: int, count: int = 1) -> tuple[Device, int] | None:
        return None

    def leads_to(self, address: int, count: int = 1) -> bool:
        return True

    def is_unwatched(self, address: int, count: int = 1) -> bool:
        return not self.watched


class Bench:
    """The camera on its bus. Attributes are the devices; methods do what a driver does."""

    def __init__(self, camera: Path = BOARD / "crosscam_camera.py", sccb: str = "sysbus.i2c1.ov7670sccb") -> None:
        self.clock = BenchClock()
        self.sysbus = BenchBus()
        self.nvic = Interrupts(self)
        self.slave = DummyI2CSlave(self, "ov7670sccb")
        self.dma = Stm32Dma(self, "dma2")
        self.mux = Stm32Dmamux(
            self, "dmamux1", number_of_output_request_channels=16, number_of_request_generator_channels=8
        )
        for stream in range(8):
            self.mux.outputs[8 + stream].connect(self.dma, stream)
            self.dma.outputs[stream].connect(self.nvic, 56 + stream)
        self.rcc = Rcc(self, "rcc")
        self.ports = {letter: Port(self, f"gpioPort{letter}") for letter in "ABCDEFGHI"}
        self.dcmi = self._script("dcmi")
        self.camera = self._script("ov7670", camera)
        for base, device in ((DCMI, self.dcmi), (DMA2, self.dma), (DMAMUX, self.mux), (RCC, self.rcc)):
            self.sysbus.windows.append((base, 0x400, device))
        for letter, port in self.ports.items():
            self.sysbus.windows.append((GPIO + (ord(letter) - 65) * 0x400, 0x400, port))
        self._paths: dict[str, Device] = {
            "sysbus.dcmi": self.dcmi,
            "sysbus.ov7670": self.camera,
            "sysbus.dmamux1": self.mux,
            "sysbus.nvic": self.nvic,
            sccb: self.slave,
        }

    def _script(self, name: str, file: Path | None = None) -> PythonPeripheral:
        script = file or PERIPHERALS / f"{name}.py"
        return PythonPeripheral(self, name, size=0x400, initable=True, filename=script)

    def device(self, path: str) -> Device:
        return self._paths[path]

    def request_reset(self, reason: str) -> None:
        raise AssertionError(f"nobody may reset this bench ({reason})")

    # What a board's start-up does

    def power(self) -> Bench:
        """XCLK of 24 MHz on PA8 from PLL1Q, pads in AF13, camera initialised as the start script does."""
        self.rcc.values.update({0x00: 0x03010001, 0x10: 3 << 22 | 2 << 18})
        self.rcc.values.update({0x28: 1 << 4 | 2, 0x2C: 1 << 17, 0x30: 119 | 1 << 9 | 19 << 16})
        self.pad("A8", 0)
        for name in ["C6", "C7", "C8", "C9", "E4", "B6", "E5", "E6", "A4", "A6", "G9"]:
            self.pad(name, 13)
        self.camera.ensure_init()
        return self

    def pad(self, name: str, function: int, mode: int = 2) -> None:
        """Put a pin into ``mode`` (2 alternate function, 1 output) and function."""
        port, pin = self.ports[name[0]].values, int(name[1:])
        port[0] = port.get(0, 0) & ~(3 << 2 * pin) | mode << 2 * pin
        offset = 0x20 + pin // 8 * 4
        port[offset] = port.get(offset, 0) & ~(15 << pin % 8 * 4) | function << pin % 8 * 4

    def output(self, name: str, level: int) -> None:
        """Drive a pin as an output."""
        self.pad(name, 0, mode=1)
        port, pin = self.ports[name[0]].values, int(name[1:])
        port[0x14] = port.get(0x14, 0) & ~(1 << pin) | level << pin

    # SCCB

    def sccb_write(self, *data: int) -> None:
        self.slave.write(bytes(data))
        self.slave.finish_transmission()

    def sccb_read(self, register: int, count: int = 1) -> bytes:
        self.slave.write(bytes([register]))
        self.slave.finish_transmission()
        data = self.slave.read(count)
        self.slave.finish_transmission()
        return data

    def configure(self, settings: str = QVGA_RGB565, /, **changes: int) -> Bench:
        """Write ``register:value`` pairs, then ``changes`` such as ``r1E=0x20``."""
        for pair in settings.split():
            register, value = (int(part, 16) for part in pair.split(":"))
            self.sccb_write(register, value)
        for name, value in changes.items():
            self.sccb_write(int(name[1:], 16), value)
        return self

    # DCMI and DMA

    def write(self, register: int, value: int) -> None:
        self.sysbus.write(DCMI + register, 4, value)

    def read(self, register: int) -> int:
        return self.sysbus.read(DCMI + register, 4)

    def arm_dma(self, words: int = 38400, address: int = RAM, fifo: int | None = 3, size: int = 2) -> None:
        """DMA2 stream 1, request 75, from DR; ``fifo`` is FTH or None for direct mode, ``size`` PSIZE = MSIZE."""
        stream = DMA2 + 0x10 + 0x18
        self.sysbus.write(stream, 4, 0)
        self.sysbus.write(DMA2 + 8, 4, 0x3D << 6)
        self.sysbus.write(DMAMUX + 4 * 9, 4, 75)
        self.sysbus.write(stream + 4, 4, words)
        self.sysbus.write(stream + 8, 4, DCMI + DR)
        self.sysbus.write(stream + 12, 4, address)
        self.sysbus.write(stream + 20, 4, 0 if fifo is None else 4 | fifo)
        self.sysbus.write(stream, 4, 1 << 4 | 1 << 10 | size << 11 | size << 13 | 1)

    def capture(
        self, words: int = 38400, control: int = RIGHT_POLARITY, wait_us: float = 70_000, **dma: int | None
    ) -> int:
        """One snapshot; returns RIS after ``wait_us``."""
        self.write(ICR, 0x1F)
        self.arm_dma(words, **dma)  # type: ignore[arg-type]
        self.write(CR, control | CAPTURE | SNAPSHOT)
        self.clock.run(wait_us)
        return self.read(RIS)

    def picture(self, width: int = 320, height: int = 240) -> NDArray[np.uint16]:
        """What DMA wrote to the start of RAM, as little-endian half-words."""
        return np.frombuffer(bytes(self.sysbus.ram[: width * height * 2]), "<u2").reshape(height, width)

    def control_rewind(self) -> None:
        """Back to the first photograph, RAM cleared."""
        self.ask(0x13)
        self.sysbus.ram[:] = bytes(RAM_SIZE)

    def ask(self, command: int, value: int = 0) -> int:
        return self.camera.control_read(command, value)

    @property
    def captured(self) -> list[int]:
        """Indices of the photographs taken so far, as the host would ask for them."""
        return [self.ask(0x11, index) for index in range(self.ask(0x10))]


def write_frames(folder: Path, pictures: Sequence[NDArray[np.uint16]], **settings: object) -> Path:
    """A minimal frame folder, written by hand: the library under test has no part in it."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{index:04}.rgb565" for index in range(len(pictures))]
    for name, picture in zip(names, pictures, strict=True):
        (folder / name).write_bytes(picture.astype("<u2").tobytes())
    height, width = pictures[0].shape if pictures else (240, 320)
    listing = {"format": "rgb565le", "width": width, "height": height, "order": "sequence", "seed": 0, "loop": True}
    listing |= {"advance": "capture", "frames": [{"file": name, "source": name, "labels": []} for name in names]}
    (folder / "frames.json").write_text(json.dumps(listing | settings))
    return folder


def test_card(seed: int = 0, width: int = 320, height: int = 240) -> NDArray[np.uint16]:
    """A picture in which every pixel tells where it is."""
    y, x = np.mgrid[0:height, 0:width]
    values: NDArray[np.uint16] = ((x * 2053 + y * 4099 + seed * 977) & 0xFFFF).astype(np.uint16)
    return values


test_card.__test__ = False  # type: ignore[attr-defined]
