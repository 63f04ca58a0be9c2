"""DMA2D and LTDC: formats, blending, windows, and the picture saved as PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sim.engine.devices.graphics.pixels import PixelFormat, decode, encode
from sim.engine.devices.graphics.stm32_dma2d import Stm32Dma2d
from sim.engine.devices.graphics.stm32_ltdc import Stm32Ltdc
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

CR, ISR, IFCR, FGMAR, FGOR, BGMAR, BGOR, FGPFCCR, FGCOLR, BGPFCCR = (
    0x0,
    0x4,
    0x8,
    0xC,
    0x10,
    0x14,
    0x18,
    0x1C,
    0x20,
    0x24,
)
FGCMAR, OPFCCR, OCOLR, OMAR, OOR, NLR, LWR, FGCLUT = 0x2C, 0x34, 0x38, 0x3C, 0x40, 0x44, 0x48, 0x400
TCIF, TWIF, CTCIF, CEIF = 2, 4, 16, 32
COPY, CONVERT, BLEND, FILL = 0, 1 << 16, 2 << 16, 3 << 16
ONE, TWO, OUT = 0x24000000, 0x24010000, 0x24020000


class Dma2d:
    def __init__(self) -> None:
        self.services = FakeServices()
        self.device = Stm32Dma2d(self.services, "dma2d")

    def set(self, **registers: int) -> None:
        for name, value in registers.items():
            self.device.write(globals()[name], 4, value)

    def run(self, mode: int) -> int:
        self.device.write(CR, 4, mode | 1)
        self.services.clock.advance(100_000)
        return self.device.read(ISR, 4)

    def put(self, address: int, data: bytes) -> None:
        self.services.sysbus.write_bytes(address, data)

    def out(self, count: int) -> bytes:
        return self.services.sysbus.read_bytes(OUT, count)


@pytest.mark.parametrize(
    ("pixel_format", "data", "expected"),
    [
        (PixelFormat.ARGB8888, "01020304", [(3, 2, 1, 4)]),
        (PixelFormat.RGB888, "010203", [(3, 2, 1, 255)]),
        (PixelFormat.RGB565, "00f8e0071f00", [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255)]),
        (PixelFormat.RGB565, "2108", [(8, 4, 8, 255)]),
        (PixelFormat.ARGB1555, "007c0080", [(255, 0, 0, 0), (0, 0, 0, 255)]),
        (PixelFormat.ARGB4444, "21f3", [(51, 34, 17, 255)]),
        (PixelFormat.L8, "80", [(128, 128, 128, 255)]),
        (PixelFormat.AL44, "8f", [(255, 255, 255, 136)]),
        (PixelFormat.AL88, "1020", [(16, 16, 16, 32)]),
        (PixelFormat.L4, "21", [(17, 17, 17, 255), (34, 34, 34, 255)]),
        (PixelFormat.A8, "40", [(9, 8, 7, 64)]),
        (PixelFormat.A4, "f1", [(9, 8, 7, 17), (9, 8, 7, 255)]),
    ],
)
def test_formats(pixel_format: PixelFormat, data: str, expected: list[tuple[int, ...]]) -> None:
    found = decode(bytes.fromhex(data), pixel_format, colour=(9, 8, 7))
    assert [tuple(pixel) for pixel in found.tolist()] == expected


@pytest.mark.parametrize("pixel_format", list(PixelFormat)[:5])
def test_encode_inverts_decode(pixel_format: PixelFormat) -> None:
    data = bytes(range(240))
    assert encode(decode(data, pixel_format), pixel_format) == data


def test_fill_with_line_offset() -> None:
    bench = Dma2d()
    bench.set(OPFCCR=2, OCOLR=0xABCD1234, OMAR=OUT, OOR=1, NLR=2 << 16 | 2)
    assert bench.run(FILL) == TCIF
    assert bench.out(12) == bytes.fromhex("341234120000341234120000")
    assert not bench.device.read(CR, 4) & 1


def test_copy_moves_bytes_as_they_are() -> None:
    bench = Dma2d()
    bench.put(ONE, bytes(range(12)))
    bench.set(FGMAR=ONE, FGOR=1, FGPFCCR=2, OMAR=OUT, OOR=0, NLR=2 << 16 | 2)
    bench.run(COPY)
    assert bench.out(8) == bytes([0, 1, 2, 3, 6, 7, 8, 9])


def test_conversion_with_a_loaded_table_and_alpha() -> None:
    bench = Dma2d()
    bench.put(ONE, bytes([1, 0]))
    bench.put(TWO, bytes.fromhex("112233ff445566ff"))
    bench.set(FGCMAR=TWO, FGMAR=ONE, FGPFCCR=5 | 1 << 8 | 1 << 5)
    assert bench.device.read(ISR, 4) == CTCIF
    assert bench.device.read(FGCLUT + 4, 4) == 0xFF665544
    bench.set(IFCR=CTCIF, FGPFCCR=5 | 1 << 16 | 0x40 << 24, OPFCCR=0, OMAR=OUT, NLR=2 << 16 | 1)
    assert bench.run(CONVERT) == TCIF
    assert bench.out(8) == bytes.fromhex("4455664011223340")


def test_table_written_by_the_core() -> None:
    bench = Dma2d()
    bench.device.write(FGCLUT + 4 * 7, 4, 0x80010203)
    bench.put(ONE, bytes([7]))
    bench.set(FGMAR=ONE, FGPFCCR=5 | 2 << 16 | 0x80 << 24, OMAR=OUT, NLR=1 << 16 | 1)
    bench.run(CONVERT)
    assert bench.out(4) == bytes([3, 2, 1, 0x80 * 0x80 // 255])


def test_blending() -> None:
    """RM0433 18.3.6, worked by hand: half red over opaque blue."""
    bench = Dma2d()
    bench.put(ONE, bytes.fromhex("0000ff80"))
    bench.put(TWO, bytes.fromhex("ff0000ff"))
    bench.set(FGMAR=ONE, BGMAR=TWO, FGPFCCR=0, BGPFCCR=0, OMAR=OUT, NLR=1 << 16 | 1)
    assert bench.run(BLEND) == TCIF
    assert bench.out(4) == bytes([127, 0, 128, 255])


def test_red_blue_swap_and_inverted_alpha() -> None:
    bench = Dma2d()
    bench.put(ONE, bytes.fromhex("010203f0"))
    bench.set(FGMAR=ONE, FGPFCCR=1 << 21 | 1 << 20, OMAR=OUT, NLR=1 << 16 | 1)
    bench.run(CONVERT)
    assert bench.out(4) == bytes.fromhex("0302010f")
    bench.set(IFCR=TCIF, FGPFCCR=1 << 20 | 2 << 16 | 0x40 << 24)
    bench.run(CONVERT)
    assert bench.out(4)[3] == 0x0F * 0xBF // 255, "the inversion is of the register's alpha too"
    bench.set(IFCR=TCIF, OCOLR=0x10203040, OPFCCR=1 << 20 | 1 << 21)
    bench.run(FILL)
    assert bench.out(4) == bytes.fromhex("203040ef")


def test_time_interrupt_and_watermark() -> None:
    bench = Dma2d()
    bench.set(OMAR=OUT, OCOLR=1, NLR=10 << 16 | 10, LWR=5)
    bench.device.write(CR, 4, FILL | 1 << 9 | 1)
    bench.services.clock.advance(99)
    assert bench.device.read(CR, 4) & 1 and not bench.device.irq.value
    bench.services.clock.advance(1)
    assert bench.device.read(ISR, 4) == TCIF | TWIF and bench.device.irq.value
    bench.set(IFCR=TCIF)
    assert not bench.device.irq.value


def test_suspend_and_abort() -> None:
    bench = Dma2d()
    bench.set(OMAR=OUT, OCOLR=1, NLR=10 << 16 | 10)
    bench.device.write(CR, 4, FILL | 1)
    bench.services.clock.advance(50)
    bench.device.write(CR, 4, FILL | 2)
    bench.services.clock.advance(500)
    assert bench.device.read(ISR, 4) == 0
    bench.device.write(CR, 4, FILL)
    bench.services.clock.advance(50)
    assert bench.device.read(ISR, 4) == TCIF
    bench.set(IFCR=TCIF)
    bench.device.write(CR, 4, FILL | 1)
    bench.device.write(CR, 4, FILL | 4)
    bench.services.clock.advance(500)
    assert bench.device.read(ISR, 4) == 0 and not bench.device.read(CR, 4) & 5


@pytest.mark.parametrize(
    "registers",
    [
        {"NLR": 0},
        {"NLR": 1 << 16 | 1, "FGPFCCR": 11},
        {"NLR": 1 << 16 | 1, "FGMAR": ONE + 2},
        {"NLR": 1 << 16 | 1, "FGPFCCR": 8},
        {"NLR": 1 << 16 | 1, "OPFCCR": 5},
    ],
)
def test_configuration_errors(registers: dict[str, int]) -> None:
    bench = Dma2d()
    bench.set(FGMAR=ONE, OMAR=OUT)
    bench.set(**registers)
    assert bench.run(CONVERT) == CEIF
    assert not bench.device.read(CR, 4) & 1


BPCR, AWCR, TWCR, GCR, SRCR, BCCR, IER, LISR, ICR, LIPCR, CPSR = (
    0x0C, 0x10, 0x14, 0x18, 0x24, 0x2C, 0x34, 0x38, 0x3C, 0x40, 0x44,
)  # fmt: skip
LAYERS = 0x84, 0x104
LCR, WHPCR, WVPCR, CKCR, PFCR, CACR, DCCR, BFCR, CFBAR, CFBLR, CFBLNR, CLUTWR = (
    0x0, 0x4, 0x8, 0xC, 0x10, 0x14, 0x18, 0x1C, 0x28, 0x2C, 0x30, 0x40,
)  # fmt: skip
WIDTH, HEIGHT, LEFT, TOP = 8, 4, 3, 2


class Ltdc:
    """A picture of 8 x 4 after porches of 3 and 2."""

    def __init__(self) -> None:
        self.services = FakeServices()
        self.device = Stm32Ltdc(self.services, "ltdc")
        self.write(BPCR, (LEFT - 1) << 16 | TOP - 1)
        self.write(AWCR, (LEFT + WIDTH - 1) << 16 | TOP + HEIGHT - 1)
        self.write(TWCR, (LEFT + WIDTH + 2) << 16 | TOP + HEIGHT + 3)
        self.write(BCCR, 0x102030)

    def write(self, offset: int, value: int) -> None:
        self.device.write(offset, 4, value)

    def on(self) -> None:
        self.write(SRCR, 1)
        self.write(GCR, 0x2221)

    def layer(
        self, index: int, address: int, pixel_format: int, x: int, y: int, size: tuple[int, int], **more: int
    ) -> None:
        width, height = size
        length = width * (4, 3, 2, 2, 2, 1, 1, 2)[pixel_format]
        registers = {
            WHPCR: (LEFT + x + width - 1) << 16 | LEFT + x,
            WVPCR: (TOP + y + height - 1) << 16 | TOP + y,
            PFCR: pixel_format,
            CFBAR: address,
            CFBLR: length << 16 | length + 3,
            CFBLNR: height,
            LCR: 1,
            **{globals()[name]: value for name, value in more.items()},
        }
        for offset, value in registers.items():
            self.write(LAYERS[index] + offset, value)

    def picture(self) -> np.ndarray:
        return self.device.frame()


def test_background_and_a_window_in_rgb565() -> None:
    bench = Ltdc()
    bench.services.sysbus.write_bytes(ONE, bytes.fromhex("00f8e0071f00ffff"))
    bench.layer(0, ONE, 2, 2, 1, (2, 2))
    bench.on()
    picture = bench.picture()
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert picture[1, 2:4].tolist() == [[255, 0, 0], [0, 255, 0]]
    assert picture[2, 2:4].tolist() == [[0, 0, 255], [255, 255, 255]]
    picture[1:3, 2:4] = 0x10, 0x20, 0x30
    assert np.all(picture == (0x10, 0x20, 0x30))


def test_second_layer_with_pixel_alpha_and_constant_alpha() -> None:
    bench = Ltdc()
    bench.services.sysbus.write_bytes(ONE, bytes.fromhex("0000ffff" * 32))
    bench.services.sysbus.write_bytes(TWO, bytes.fromhex("ff000080"))
    bench.layer(0, ONE, 0, 0, 0, (8, 4))
    bench.layer(1, TWO, 0, 7, 3, (1, 1))
    bench.on()
    assert bench.picture()[3, 7].tolist() == [127, 0, 128]
    bench.write(LAYERS[1] + BFCR, 4 << 8 | 5)
    bench.write(LAYERS[1] + CACR, 51)
    bench.write(SRCR, 1)
    assert bench.picture()[3, 7].tolist() == [204, 0, 51]
    assert bench.picture()[0, 0].tolist() == [204, 0, 0], "the default colour, black, takes the constant alpha too"


def test_colour_table_and_keying() -> None:
    bench = Ltdc()
    bench.write(LAYERS[0] + CLUTWR, 5 << 24 | 0x0A0B0C)
    bench.write(LAYERS[0] + CLUTWR, 6 << 24 | 0x00FF00)
    bench.services.sysbus.write_bytes(ONE, bytes([5, 6]))
    bench.layer(0, ONE, 5, 0, 0, (2, 1), LCR=1 | 1 << 1 | 1 << 4, CKCR=0x00FF00)
    bench.on()
    assert bench.picture()[0, :2].tolist() == [[0x0A, 0x0B, 0x0C], [0x10, 0x20, 0x30]]


def test_registers_are_shadowed_until_reloaded() -> None:
    bench = Ltdc()
    bench.services.sysbus.write_bytes(ONE, b"\xff" * 128)
    bench.on()
    bench.layer(0, ONE, 0, 0, 0, (8, 4))
    assert bench.picture()[0, 0].tolist() == [0x10, 0x20, 0x30]
    bench.write(IER, 8)
    bench.write(SRCR, 2)
    assert bench.picture()[0, 0].tolist() == [0x10, 0x20, 0x30]
    bench.services.clock.microseconds(40_000)
    assert bench.picture()[0, 0].tolist() == [255, 255, 255]
    assert bench.device.read(LISR, 4) & 8 and bench.device.irq.value and bench.device.read(SRCR, 4) == 0
    bench.write(ICR, 8)
    assert not bench.device.irq.value


def test_line_interrupt_comes_in_each_frame() -> None:
    bench = Ltdc()
    bench.device.frames_per_virtual_second = 100
    bench.write(LIPCR, 5)
    bench.write(IER, 1)
    bench.on()
    bench.services.clock.microseconds(4_990)
    assert bench.device.read(LISR, 4) == 0 and bench.device.read(CPSR, 4) == 4
    bench.services.clock.microseconds(20)
    assert bench.device.read(LISR, 4) == 1 and bench.device.read(CPSR, 4) == 5
    bench.write(ICR, 1)
    bench.services.clock.microseconds(10_000)
    assert bench.device.irq.value
    bench.write(GCR, 0x2220)
    bench.write(ICR, 1)
    bench.services.clock.microseconds(50_000)
    assert not bench.device.irq.value


def test_short_frame_buffer_underruns() -> None:
    bench = Ltdc()
    bench.layer(0, ONE, 0, 0, 0, (8, 4))
    bench.write(IER, 2)
    bench.on()
    bench.services.clock.microseconds(40_000)
    assert bench.device.read(LISR, 4) & 2 == 0
    bench.write(LAYERS[0] + CFBLNR, 0)
    bench.write(SRCR, 1)
    bench.services.clock.microseconds(40_000)
    assert bench.device.read(LISR, 4) & 2
    assert bench.device.error_irq.value and not bench.device.irq.value


def test_png_of_a_machine(tmp_path: Path) -> None:
    machine = Machine()
    load_repl_string(
        machine,
        """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
ram: Memory.MappedMemory @ sysbus 0x24000000
    size: 0x10000
ltdc: Video.STM32LTDC @ sysbus 0x50001000
    -> nvic@88
    FramesPerVirtualSecond: 50
dma2d: DMA.STM32DMA2D @ sysbus 0x52001000
    -> nvic@90
""",
    )
    ltdc = machine.device("ltdc")
    assert isinstance(ltdc, Stm32Ltdc) and ltdc.frames_per_virtual_second == 50
    file = tmp_path / "screen.png"
    with pytest.raises(CrosscamError, match="shows nothing"):
        ltdc.save_png(file)
    for offset, value in ((AWCR, 2 << 16 | 2), (BCCR, 0xFF8000), (GCR, 1)):
        ltdc.write(offset, 4, value)
    ltdc.save_png(file)
    with Image.open(file) as saved:
        assert saved.size == (2, 2) and saved.getpixel((1, 1)) == (255, 128, 0)
    with pytest.raises(CrosscamError, match="cannot write"):
        ltdc.save_png(tmp_path / "nowhere" / "screen.png")
    with pytest.raises(CrosscamError, match="FramesPerVirtualSecond"):
        ltdc.frames_per_virtual_second = 0
