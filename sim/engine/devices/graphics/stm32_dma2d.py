"""Chrom-ART accelerator, DMA2D (RM0433 section 18; RM0385 section 9 without the H7's AI and RBS bits).

The four modes: fill with a colour, copy, copy with pixel format conversion, copy with conversion and blending; all
input formats but YCbCr, all output formats, colour tables (loaded by START or written to their window), line
offsets, alpha modes, alpha inversion and red-blue swap, line watermark, abort and suspend. A job takes a core cycle
for each pixel read or written; memory changes when it ends. As Renode's ``DMA.STM32DMA2D`` otherwise, which works at
once, has neither error and watermark flags nor the interrupt enables of CR. Not modelled: YCbCr (CEIF, with a
warning), AMTCR's dead time, SB.
"""

from __future__ import annotations

import numpy as np

from sim.engine.devices.base import Event, Services
from sim.engine.devices.graphics.pixels import OUTPUT_FORMATS, PixelFormat, Pixels, bits_per_pixel, blend, byte_count
from sim.engine.devices.graphics.pixels import decode as decode_pixels
from sim.engine.devices.graphics.pixels import encode as encode_pixels
from sim.engine.devices.registers import Mode, RegisterDevice

_TEIF, _TCIF, _TWIF, _CTCIF, _CEIF = 1 << 0, 1 << 1, 1 << 2, 1 << 4, 1 << 5
_COPY, _CONVERT, _BLEND, _FILL = range(4)
_PLANES = {_COPY: 1, _CONVERT: 1, _BLEND: 2, _FILL: 0}  # that are read
_TABLES = 0x400, 0x800  # windows of the colour tables, 256 words each
_KEEP_ALPHA, _REPLACE_ALPHA, _MULTIPLY_ALPHA = range(3)


class Plane:
    """The foreground or the background: where its pixels lie and how they become ARGB."""

    def __init__(self, dma2d: Stm32Dma2d, prefix: str, offsets: tuple[int, int, int, int, int]) -> None:
        address, line_offset, control, colour, table_address = offsets
        self._dma2d, self.name, bank = dma2d, prefix, dma2d.bank
        self.address = bank.register(address, f"{prefix}MAR").field(0, 32, "MA")
        self._line_offset = bank.register(line_offset, f"{prefix}OR").field(0, 14, "LO")
        pfc = bank.register(control, f"{prefix}PFCCR")
        self.colour_mode = pfc.field(0, 4, "CM")
        self._table_mode = pfc.flag(4, "CCM")
        pfc.flag(5, "START", Mode.WRITE, on_write=self._load_table)
        self._table_size = pfc.field(8, 8, "CS")
        self._alpha_mode = pfc.field(16, 2, "AM")
        self._invert = pfc.flag(20, "AI")
        self._swap = pfc.flag(21, "RBS")
        self._alpha = pfc.field(24, 8, "ALPHA")
        pfc.storage(0x0030_0000 | 0x000C_0000)
        fixed = bank.register(colour, f"{prefix}COLR")
        self._fixed = [fixed.field(lsb, 8, channel) for lsb, channel in ((16, "RED"), (8, "GREEN"), (0, "BLUE"))]
        self._table_address = bank.register(table_address, f"{prefix}CMAR").field(0, 32, "MA")
        self.table: Pixels = np.zeros((256, 4), np.uint8)

    @property
    def pixel_format(self) -> PixelFormat | None:
        """None: reserved, or YCbCr."""
        mode = self.colour_mode.value
        return PixelFormat(mode) if mode <= PixelFormat.A4 else None

    def _load_table(self, start: int) -> None:
        if not start:
            return
        count = self._table_size.value + 1
        table_format = PixelFormat.RGB888 if self._table_mode else PixelFormat.ARGB8888
        data = self._dma2d.services.sysbus.read_bytes(self._table_address.value, byte_count(table_format, count))
        self.table[:count] = decode_pixels(data, table_format)
        self._dma2d.raise_flag(_CTCIF)

    def line_bytes(self, pixels: int) -> int:
        """From the start of one line to that of the next."""
        assert self.pixel_format is not None
        return byte_count(self.pixel_format, pixels + self._line_offset.value)

    def raw_line(self, line: int, pixels: int) -> bytes:
        """The bytes of one line."""
        assert self.pixel_format is not None
        address = self.address.value + line * self.line_bytes(pixels)
        return self._dma2d.services.sysbus.read_bytes(address, byte_count(self.pixel_format, pixels))

    def line(self, line: int, pixels: int) -> Pixels:
        """One line as ARGB, alpha modified as asked."""
        assert self.pixel_format is not None
        red, green, blue = (field.value for field in self._fixed)
        found = decode_pixels(self.raw_line(line, pixels), self.pixel_format, self.table, (red, green, blue))
        found = found.copy()
        alpha = self._alpha.value
        if self._invert:  # of the pixel and of the register (18.3.4)
            alpha = 255 - alpha
            found[:, 3] = 255 - found[:, 3]
        if self._alpha_mode.value == _REPLACE_ALPHA:
            found[:, 3] = alpha
        elif self._alpha_mode.value == _MULTIPLY_ALPHA:
            found[:, 3] = found[:, 3].astype(np.uint16) * alpha // 255
        return found[:, [2, 1, 0, 3]] if self._swap else found

    def extent(self, lines: int, pixels: int) -> tuple[int, int]:
        """First address and length in bytes of what ``lines`` are read from."""
        assert self.pixel_format is not None
        return self.address.value, self.line_bytes(pixels) * (lines - 1) + byte_count(self.pixel_format, pixels)

    def problem(self, pixels: int) -> str:
        """Why this plane cannot be read; empty when it can."""
        if self.pixel_format is None:
            return f"{self.name}PFCCR.CM = {self.colour_mode.value} is reserved or YCbCr, which is not modelled"
        return _misaligned(self.pixel_format, self.name, self.address.value, pixels, self._line_offset.value)


def _misaligned(pixel_format: PixelFormat, name: str, address: int, pixels: int, offset: int) -> str:
    bits = bits_per_pixel(pixel_format)
    if bits in (16, 32) and address % (bits // 8):
        return f"{name}MAR = 0x{address:08X} does not fit {pixel_format.name}"
    if bits == 4 and (pixels % 2 or offset % 2):
        return f"{pixel_format.name} needs even PL and {name}OR.LO"
    return ""


class Stm32Dma2d(RegisterDevice):
    """One accelerator."""

    RENODE_TYPES = ("DMA.STM32DMA2D",)
    size = 0xC00

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        bank = self.bank
        control = bank.register(0x00, "CR").after_write(lambda _: self._update())
        self._start = control.flag(0, "START", Mode.WRITE_ONE_TO_SET, on_change=lambda old, new: self._begin())
        self._suspended = control.flag(1, "SUSP", on_change=lambda old, new: self._suspend(bool(new)))
        self._abort = control.flag(2, "ABORT", Mode.WRITE_ONE_TO_SET, on_change=lambda old, new: self._aborted())
        self._enables = control.field(8, 6, "IE")
        self._mode = control.field(16, 2, "MODE")
        self._flags = bank.register(0x04, "ISR").field(0, 6, "FLAGS", Mode.READ)
        bank.register(0x08, "IFCR").field(0, 6, "CLEAR", Mode.WRITE, on_write=self._clear)
        self.foreground = Plane(self, "FG", (0x0C, 0x10, 0x1C, 0x20, 0x2C))
        self.background = Plane(self, "BG", (0x14, 0x18, 0x24, 0x28, 0x30))
        output = bank.register(0x34, "OPFCCR")
        self._output_mode = output.field(0, 3, "CM")
        self._output_invert = output.flag(20, "AI")
        self._output_swap = output.flag(21, "RBS")
        self._output_colour = bank.register(0x38, "OCOLR").field(0, 32, "COLOR")
        self._output_address = bank.register(0x3C, "OMAR").field(0, 32, "MA")
        self._output_offset = bank.register(0x40, "OOR").field(0, 14, "LO")
        lines = bank.register(0x44, "NLR")
        self._lines = lines.field(0, 16, "NL")
        self._pixels = lines.field(16, 14, "PL")
        self._watermark = bank.register(0x48, "LWR").field(0, 16, "LW")
        bank.register(0x4C, "AMTCR").storage(0xFF01)
        self._event: Event | None = None
        self._left = 0

    def reset(self) -> None:
        self._cancel()
        super().reset()
        self._update()

    # Colour tables have windows of their own.

    def _table_at(self, offset: int) -> tuple[Pixels, int] | None:
        for base, plane in zip(_TABLES, (self.foreground, self.background), strict=True):
            if base <= offset < base + 0x400:
                return plane.table, (offset - base) // 4
        return None

    def read(self, offset: int, width: int) -> int:
        found = self._table_at(offset)
        if found is None:
            return self.bank.read(offset, width)
        word = int.from_bytes(encode_pixels(found[0][found[1] : found[1] + 1], PixelFormat.ARGB8888), "little")
        return word >> 8 * (offset & 3) & (1 << 8 * width) - 1

    def write(self, offset: int, width: int, value: int) -> None:
        found = self._table_at(offset)
        if found is None:
            if self._event is not None and offset & ~3 not in (0x00, 0x08):
                self.log.warning("write of 0x%X at 0x%X while a transfer is under way: ignored", value, offset)
                return
            self.bank.write(offset, width, value)
        elif width == 4:
            found[0][found[1]] = decode_pixels(value.to_bytes(4, "little"), PixelFormat.ARGB8888)[0]
        else:
            self.log.warning("write of %d bytes to a colour table: ignored, it takes words", width)

    # A job

    def _begin(self) -> None:
        problem = self._problem()
        if problem:
            self.log.warning("START: %s (CEIF)", problem)
            self._start.value = 0
            self.raise_flag(_CEIF)
            return
        accesses = {_FILL: 1, _COPY: 2, _CONVERT: 2, _BLEND: 3}[self._mode.value]
        self._left = self._lines.value * self._pixels.value * accesses
        self._schedule()

    def _schedule(self) -> None:
        if self._left and not self._suspended and self._start:
            self._event = self.services.clock.schedule(self._left, self._finish)

    def _problem(self) -> str:
        pixels = self._pixels.value
        if not pixels or not self._lines.value:
            return "NLR has no lines or no pixels"
        mode = self._mode.value
        if mode != _FILL:
            problem = self.foreground.problem(pixels)
            if problem or mode == _COPY:
                return problem
        if mode == _BLEND and (problem := self.background.problem(pixels)):
            return problem
        if self._output_mode.value >= len(OUTPUT_FORMATS):
            return f"OPFCCR.CM = {self._output_mode.value} is reserved"
        output = PixelFormat(self._output_mode.value)
        return _misaligned(output, "O", self._output_address.value, pixels, self._output_offset.value)

    def _finish(self) -> None:
        self._event = None
        self._left = 0
        mode, pixels, lines = self._mode.value, self._pixels.value, self._lines.value
        output = self.foreground.pixel_format if mode == _COPY else PixelFormat(self._output_mode.value)
        assert output is not None
        step = byte_count(output, pixels + self._output_offset.value)
        address, write = self._output_address.value, self.services.sysbus.write_bytes
        self._start.value = 0
        extents = [plane.extent(lines, pixels) for plane in (self.foreground, self.background)[: _PLANES[mode]]]
        for first, length in (*extents, (address, step * (lines - 1) + byte_count(output, pixels))):
            if not self.services.sysbus.leads_to(first, length):
                self.log.warning("nothing answers somewhere in the %d bytes from 0x%08X (TEIF)", length, first)
                self.raise_flag(_TEIF)
                return
        fill = self._fill_pixel(output) * pixels if mode == _FILL else b""
        for line in range(lines):
            if mode == _FILL:
                data = fill
            elif mode == _COPY:
                data = self.foreground.raw_line(line, pixels)
            else:
                data = encode_pixels(self._converted(line, pixels, mode), output)
            write(address + line * step, data)
        watermark = self._watermark.value
        self.raise_flag(_TCIF | (_TWIF if 0 < watermark <= lines else 0))

    def _converted(self, line: int, pixels: int, mode: int) -> Pixels:
        found = self.foreground.line(line, pixels)
        if mode == _BLEND:
            found = blend(found, self.background.line(line, pixels))
        return self._as_output(found)

    def _as_output(self, pixels: Pixels) -> Pixels:
        """Alpha inverted, red and blue swapped, as OPFCCR asks."""
        if self._output_invert:
            pixels = pixels.copy()
            pixels[:, 3] = 255 - pixels[:, 3]
        return pixels[:, [2, 1, 0, 3]] if self._output_swap else pixels

    def _fill_pixel(self, output: PixelFormat) -> bytes:
        """OCOLR, which holds a pixel of the output format, with inversion and swap applied to it (18.3.7)."""
        pixel = self._output_colour.value.to_bytes(4, "little")[: byte_count(output, 1)]
        if not (self._output_invert or self._output_swap):
            return pixel
        return encode_pixels(self._as_output(decode_pixels(pixel, output)), output)

    def _suspend(self, on: bool) -> None:
        if on and self._event is not None:
            self._left = max(1, self._event.due - self.services.clock.now)
            self._cancel()
        elif not on:
            self._schedule()

    def _aborted(self) -> None:
        self._cancel()
        self._left = 0
        self._start.value = self._abort.value = 0

    def _cancel(self) -> None:
        if self._event is not None:
            self.services.clock.cancel(self._event)
            self._event = None

    # Interrupt

    def raise_flag(self, flags: int) -> None:
        """Set bits of ISR."""
        self._flags.value |= flags
        self._update()

    def _clear(self, written: int) -> None:
        self._flags.value &= ~written
        self._update()

    def _update(self) -> None:
        self.irq.set(bool(self._flags.value & self._enables.value))
