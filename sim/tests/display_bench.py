"""A bench for the scripted display: the script, a real SPI controller, GPIO port and DMA, and a driver's first steps.

No core and no firmware. The board is nobody's: SPI2, pins of port E, another orientation than crosscam's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.engine.devices.base import Device
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.dma.stm32_dmamux import Stm32Dmamux
from sim.engine.devices.pins.stm32_gpio_port import Stm32GpioPort
from sim.engine.devices.spi.stm32h7_spi import Stm32H7Spi
from sim.engine.scripting import PythonPeripheral
from sim.tests.fake_services import FakeServices

PERIPHERALS = Path(__file__).parents[1] / "peripherals"
SPI, DMA, DMAMUX, RAM = 0x40003800, 0x40020000, 0x40020800, 0x24000000
CS, DC, RESET = 2, 3, 4
NOW, COMPLETE = 0x20, 0x21
MX, MY, MV, BGR = 0x40, 0x80, 0x20, 0x08
_MODER, _BSRR = 0x00, 0x18
_CR1, _CR2, _CFG1, _CFG2, _SR, _IFCR, _TXDR, _RXDR = 0x00, 0x04, 0x08, 0x0C, 0x14, 0x18, 0x20, 0x30
_SIMPLEX_TRANSMIT, _MASTER, _TXDMAEN = 1 << 17, 1 << 22, 1 << 15
_SPE, _CSTART, _EOT = 1, 1 << 9, 1 << 3

Pixels = NDArray[np.uint16]
Picture = NDArray[np.uint8]

WIRING = """
wiring = {{"spi": "sysbus.spi2", "select": {select!r}, "data_command": "sysbus.gpioPortE@3",
          "reset": "sysbus.gpioPortE@4", "upright": {upright}, "frame_size": None}}
script = {script!r}
try:
    on_access
except NameError:
    exec(compile(open(script).read(), script, "exec"), globals())
else:
    on_access(request)
"""


def seen(pixels: Pixels) -> Picture:
    """Red, green, blue of RGB565 pixels on the glass: 5 bits to 6 by the top one (EPF = 0), 6 to 8 by the top two."""
    five = [pixels >> 11 & 31, pixels & 31]
    red, blue = (value << 1 | value >> 4 for value in five)
    return np.stack([channel << 2 | channel >> 4 for channel in (red, pixels >> 5 & 63, blue)], axis=-1).astype(
        np.uint8
    )


@dataclass
class _Services(FakeServices):
    paths: dict[str, Device] = field(default_factory=dict)

    def device(self, path: str) -> Device:
        return self.paths[path]


class DisplayBench:
    """The display behind SPI2, as a driver that polls sees it; ``upright`` is the module's MADCTL."""

    def __init__(self, upright: int = MX | BGR, select: str | None = "sysbus.gpioPortE@2") -> None:
        self.services = _Services()
        bus = self.services.sysbus
        self.spi = Stm32H7Spi(self.services, "spi2")
        self.port = Stm32GpioPort(self.services, "gpioPortE")
        self.dma = Stm32Dma(self.services, "dma1")
        self.mux = Stm32Dmamux(
            self.services, "dmamux1", number_of_output_request_channels=16, number_of_request_generator_channels=8
        )
        self.mux.outputs[0].connect(self.dma, 0)
        self.spi.outputs["DMATransmit"].connect(self.mux, 40)
        bus.windows += [(SPI, self.spi), (DMA, self.dma), (DMAMUX, self.mux)]
        self.services.paths.update({"sysbus.spi2": self.spi, "sysbus.gpioPortE": self.port})
        code = WIRING.format(select=select, upright=upright, script=str(PERIPHERALS / "ili9341.py"))
        self.display = PythonPeripheral(self.services, "display", size=16, initable=True, script=code)
        self.display.ensure_init()
        self.port.write(_MODER, 4, sum(1 << 2 * pin for pin in (CS, DC, RESET)))
        self.pin(CS, 1)
        self.pin(RESET, 0)
        self.pin(RESET, 1)
        self.wait(5)
        self.pin(CS, 0)

    def pin(self, number: int, level: int) -> None:
        """Drive a pin."""
        self.port.write(_BSRR, 4, 1 << number + (0 if level else 16))

    def wait(self, milliseconds: float) -> None:
        self.services.clock.microseconds(1000 * milliseconds)

    def exchange(self, data: bytes) -> bytes:
        """At most 65535 bytes each way, one by one."""
        spi = self.spi
        spi.write(_CR1, 4, 0)
        spi.write(_CFG1, 4, 7)
        spi.write(_CFG2, 4, _MASTER)
        spi.write(_CR2, 4, len(data))
        spi.write(_CR1, 4, _SPE)
        spi.write(_CR1, 4, _SPE | _CSTART)
        answer = bytearray()
        for byte in data:
            spi.write(_TXDR, 1, byte)
            answer.append(spi.read(_RXDR, 1))
        spi.write(_IFCR, 4, 0xFFF)
        return bytes(answer)

    def command(self, code: int, *parameters: int, read: int = 0) -> bytes:
        """A command, its parameters, and ``read`` bytes of answer."""
        self.pin(DC, 0)
        self.exchange(bytes([code]))
        self.pin(DC, 1)
        return self.exchange(bytes(parameters) + bytes(read))[len(parameters) :]

    def start(self, madctl: int = MX | BGR, pixel_format: int = 0x55) -> DisplayBench:
        """What drivers do first."""
        self.command(0x01)
        self.wait(5)
        for code, *parameters in ((0xC0, 0x23), (0xE0, *range(15)), (0x36, madctl), (0x3A, pixel_format), (0x11,)):
            self.command(code, *parameters)
        self.wait(120)
        self.command(0x29)
        return self

    def window(self, x: int, y: int, width: int, height: int) -> None:
        """CASET and PASET."""
        self.command(0x2A, *(x >> 8, x & 255), *divmod(x + width - 1, 256))
        self.command(0x2B, *(y >> 8, y & 255), *divmod(y + height - 1, 256))

    def draw(self, pixels: Pixels, x: int = 0, y: int = 0) -> None:
        """A rectangle of RGB565 pixels, byte by byte."""
        self.window(x, y, pixels.shape[1], pixels.shape[0])
        self.command(0x2C, *pixels.astype(">u2").tobytes())

    def draw_by_dma(self, pixels: Pixels, frame_bits: int = 16) -> None:
        """The same by DMA1 stream 0, from memory as the core writes it: half-words, low byte first."""
        self.window(0, 0, pixels.shape[1], pixels.shape[0])
        self.command(0x2C)
        spi, dma = self.spi, self.dma
        data = pixels.astype("<u2").tobytes()
        self.services.sysbus.write_bytes(RAM, data)
        self.mux.write(0, 4, 40)
        width = frame_bits // 8
        for sent in range(0, len(data), 32768 * width):
            count = min(32768, (len(data) - sent) // width)
            spi.write(_CR1, 4, 0)
            spi.write(_CFG2, 4, _MASTER | _SIMPLEX_TRANSMIT)
            spi.write(_CFG1, 4, frame_bits - 1)
            spi.write(_CR2, 4, count)
            size = width.bit_length() - 1
            for register, value in ((8, 0x3D), (0x14, count), (0x18, SPI + _TXDR), (0x1C, RAM + sent)):
                dma.write(register, 4, value)
            dma.write(0x10, 4, size << 13 | size << 11 | 1 << 10 | 1 << 6 | 1)
            spi.write(_CFG1, 4, _TXDMAEN | frame_bits - 1)
            spi.write(_CR1, 4, _SPE)
            spi.write(_CR1, 4, _SPE | _CSTART)
            assert spi.read(_SR, 4) & _EOT
            spi.write(_IFCR, 4, 0xFFF)
            self.services.clock.microseconds(1)

    def ask(self, command: int) -> int:
        """The host's door."""
        return self.display.control_read(command, 0)

    def picture(self, which: int = NOW) -> Picture:
        """What people see."""
        size = self.ask(0x12)
        data = self.display.control_read_block(which)
        return np.frombuffer(data, np.uint8).reshape(size & 0xFFFF, size >> 16, 3)
