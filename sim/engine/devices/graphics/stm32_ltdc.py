"""LCD-TFT display controller (RM0433 section 33, RM0385 section 18): two layers over a background colour.

Layers have a window, a default colour around it, the eight pixel formats, a colour table, colour keying, constant
and pixel alpha, pitch and line count; their registers are shadowed and taken over by SRCR, at once or in the
vertical blanking. There is no window on the host's screen: ``frame`` gives the picture as it would be shown now,
``save_png @file`` (``SavePng`` in the monitor) writes it. The pixel clock is not known; as in Renode's
``Video.STM32LTDC`` there are ``FramesPerVirtualSecond`` frames (25), and a line takes its share of one.

Interrupts: line (LIPOS), register reload, FIFO underrun (a frame buffer with fewer or shorter lines than its window,
as in Renode) and, on ``ErrorIRQ``, the latter. A read of a shadowed register gives what was written, as Renode's
does. Renode models neither windows nor colour tables, keying, layer order by BF1 or line positions. Not modelled:
dithering and the polarities of the signals (kept only), transfer errors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from PIL import Image

from sim.engine.devices.base import Event, Services
from sim.engine.devices.graphics.pixels import PixelFormat, Pixels, byte_count
from sim.engine.devices.graphics.pixels import decode as decode_pixels
from sim.engine.devices.registers import Mode, Register, RegisterDevice
from sim.engine.members import Between, Int
from sim.errors import CrosscamError
from sim.files import whole

_LIF, _FUIF, _RRIF = 1 << 0, 1 << 1, 1 << 3
_ERRORS = 1 << 1 | 1 << 2
_LAYER_BASES = 0x84, 0x104
_CR, _WHPCR, _WVPCR, _CKCR, _PFCR, _CACR, _DCCR, _BFCR = range(0x00, 0x20, 4)
_CFBAR, _CFBLR, _CFBLNR, _CLUTWR = 0x28, 0x2C, 0x30, 0x40
_SHADOWED = {  # offset: name, reset value
    _CR: ("CR", 0),
    _WHPCR: ("WHPCR", 0),
    _WVPCR: ("WVPCR", 0),
    _CKCR: ("CKCR", 0),
    _PFCR: ("PFCR", 0),
    _CACR: ("CACR", 0xFF),
    _DCCR: ("DCCR", 0),
    _BFCR: ("BFCR", 0x0607),
    _CFBAR: ("CFBAR", 0),
    _CFBLR: ("CFBLR", 0),
    _CFBLNR: ("CFBLNR", 0),
}
_PIXEL_ALPHA_1, _PIXEL_ALPHA_2 = 6, 7
_DEFAULT_RATE = 25
FramesPerSecond = Annotated[int, Between(1, 10_000)]


class Layer:
    """Registers of one layer; ``active`` is what the last reload took over."""

    def __init__(self, ltdc: Stm32Ltdc, index: int) -> None:
        self._ltdc = ltdc
        base = _LAYER_BASES[index]
        self._registers: dict[int, Register] = {
            offset: ltdc.bank.register(base + offset, f"L{index + 1}{name}", reset=reset).storage()
            for offset, (name, reset) in _SHADOWED.items()
        }
        ltdc.bank.register(base + _CLUTWR, f"L{index + 1}CLUTWR").field(
            0, 32, "CLUT", Mode.WRITE, on_write=self._colour
        )
        self.table: Pixels = np.zeros((256, 4), np.uint8)
        self.table[:, 3] = 255
        self.active: dict[int, int] = {}
        self.reload()

    def reload(self) -> None:
        """Take over what was written."""
        self.active = {offset: register.raw for offset, register in self._registers.items()}

    def _colour(self, written: int) -> None:
        self.table[written >> 24, :3] = written >> 16 & 0xFF, written >> 8 & 0xFF, written & 0xFF

    @property
    def enabled(self) -> bool:
        """LEN."""
        return bool(self.active[_CR] & 1)

    def window(self, origin: tuple[int, int]) -> tuple[int, int, int, int]:
        """Left, top, width, height in the active area, whose first pixel is at ``origin``."""
        horizontal, vertical = self.active[_WHPCR], self.active[_WVPCR]
        left, right = horizontal & 0xFFF, horizontal >> 16 & 0xFFF
        top, bottom = vertical & 0x7FF, vertical >> 16 & 0x7FF
        return left - origin[0], top - origin[1], max(0, right - left + 1), max(0, bottom - top + 1)

    @property
    def pixel_format(self) -> PixelFormat:
        """PF."""
        return PixelFormat(self.active[_PFCR] & 7)

    def underruns(self, origin: tuple[int, int]) -> bool:
        """Whether the frame buffer ends before the window does."""
        _, _, width, height = self.window(origin)
        length = self.active[_CFBLR] & 0x1FFF  # bytes of a line, plus 3 or 7
        return self.active[_CFBLNR] & 0x7FF < height or length < byte_count(self.pixel_format, width)

    def over(self, picture: np.ndarray, origin: tuple[int, int]) -> np.ndarray:
        """This layer blended over ``picture``, float32 of shape (height, width, 3) and range 0 to 255."""
        height, width = picture.shape[:2]
        colour = self.active[_DCCR]
        own = np.empty((height, width, 4), np.uint8)
        own[:] = colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF, colour >> 24
        if self.enabled and self.active[_CFBAR]:
            self._draw_window(own, origin)
        factors = self.active[_BFCR]
        constant = np.float32((self.active[_CACR] & 0xFF) / 255)
        with_pixel = own[..., 3:].astype(np.float32) / 255 * constant
        own_factor = with_pixel if factors >> 8 & 7 == _PIXEL_ALPHA_1 else constant
        under_factor = 1 - (with_pixel if factors & 7 == _PIXEL_ALPHA_2 else constant)
        blended: np.ndarray = own[..., :3] * own_factor + picture * under_factor
        return blended

    def _draw_window(self, own: Pixels, origin: tuple[int, int]) -> None:
        left, top, width, height = self.window(origin)
        pitch = self.active[_CFBLR] >> 16 & 0x1FFF
        bus, pixel_format = self._ltdc.services.sysbus, self.pixel_format
        table = self._indexed_table() if self.active[_CR] & 1 << 4 else None
        for row in range(min(height, self.active[_CFBLNR] & 0x7FF)):
            y = top + row
            if not 0 <= y < own.shape[0]:
                continue
            data = bus.read_bytes(self.active[_CFBAR] + row * pitch, byte_count(pixel_format, width))
            pixels = decode_pixels(data, pixel_format, table).copy()
            if self.active[_CR] & 1 << 1:
                key = self.active[_CKCR]
                keyed = np.all(pixels[:, :3] == (key >> 16 & 0xFF, key >> 8 & 0xFF, key & 0xFF), axis=1)
                pixels[keyed] = 0
            first, last = max(0, left), min(own.shape[1], left + width)
            if first < last:
                own[y, first:last] = pixels[first - left : last - left]

    def _indexed_table(self) -> Pixels:
        """AL44's four bits stand for the entries 0x00, 0x11 ... 0xFF (33.4.2)."""
        return self.table[np.arange(16) * 17] if self.pixel_format is PixelFormat.AL44 else self.table


class Stm32Ltdc(RegisterDevice):
    """One controller."""

    RENODE_TYPES = ("Video.STM32LTDC",)
    RENODE_MEMBERS = ("FramesPerVirtualSecond", "Width", "Height", "SavePng")
    size = 0xC00

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.error_irq = self.add_output("ErrorIRQ")
        self._rate = _DEFAULT_RATE
        bank = self.bank
        bank.register(0x08, "SSCR").storage(0x0FFF07FF)
        self._back_porch = bank.register(0x0C, "BPCR").storage(0x0FFF07FF)
        self._active_size = bank.register(0x10, "AWCR").storage(0x0FFF07FF)
        self._total = bank.register(0x14, "TWCR").storage(0x0FFF07FF)
        control = bank.register(0x18, "GCR", reset=0x2220)
        self._enabled = control.flag(0, "LTDCEN", on_change=lambda old, new: self._switch(bool(new)))
        control.field(4, 11, "widths", Mode.READ)
        control.storage()
        reload = bank.register(0x24, "SRCR").after_write(self._reload_asked)
        self._reload_now = reload.flag(0, "IMR")
        self._reload_later = reload.flag(1, "VBR")
        self._background = bank.register(0x2C, "BCCR").field(0, 24, "BC")
        self._enables = bank.register(0x34, "IER").after_write(lambda _: self._update()).field(0, 4, "IE")
        self._flags = bank.register(0x38, "ISR").field(0, 4, "FLAGS", Mode.READ)
        bank.register(0x3C, "ICR").field(0, 4, "CLEAR", Mode.WRITE, on_write=self._clear)
        self._line_position = bank.register(0x40, "LIPCR").field(0, 11, "LIPOS")
        bank.register(0x44, "CPSR").value_from(lambda: self._line())
        bank.register(0x48, "CDSR", reset=0xF).value_from(self._display_status)
        self.layers = (Layer(self, 0), Layer(self, 1))
        self._events: list[Event] = []
        self._frame_start = 0

    def reset(self) -> None:
        self._cancel()
        super().reset()
        for layer in self.layers:
            layer.reload()
        self._update()

    # The picture

    @property
    def _origin(self) -> tuple[int, int]:
        """Counts of the first active pixel and line."""
        porch = self._back_porch.raw
        return (porch >> 16) + 1, (porch & 0x7FF) + 1

    @property
    def width(self) -> Int:
        """Pixels of a line."""
        return max(0, (self._active_size.raw >> 16) + 1 - self._origin[0])

    @property
    def height(self) -> Int:
        """Lines of the picture."""
        return max(0, (self._active_size.raw & 0x7FF) + 1 - self._origin[1])

    @property
    def frames_per_virtual_second(self) -> FramesPerSecond:
        """Frames a second of virtual time, 1 or more."""
        return self._rate

    @frames_per_virtual_second.setter
    def frames_per_virtual_second(self, rate: int) -> None:
        if rate < 1:
            raise CrosscamError(f"{self.name}: FramesPerVirtualSecond is {rate}; expected 1 or more")
        self._rate = rate
        if self._enabled:
            self._cancel()
            self._begin_frame()

    def frame(self) -> Pixels:
        """The picture as memory and registers have it now: uint8, shape (height, width, 3), red first.

        Raises:
            CrosscamError: the controller is off or has no active area.
        """
        if not self._enabled or not self.width or not self.height:
            raise CrosscamError(
                f"{self.name} shows nothing: LTDCEN is {self._enabled.value}, the picture is {self.width}x{self.height}"
            )
        colour = self._background.value
        picture = np.empty((self.height, self.width, 3), np.float32)
        picture[:] = colour >> 16, colour >> 8 & 0xFF, colour & 0xFF
        for layer in self.layers:
            picture = layer.over(picture, self._origin)
        shown: Pixels = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
        return shown

    def save_png(self, path: Path) -> None:
        """Write ``frame`` to the PNG file ``path``.

        Raises:
            CrosscamError: there is no picture, or the file cannot be written.
        """
        picture = Image.fromarray(self.frame())
        with whole(path) as part:
            picture.save(part, format="PNG")

    # Time

    @property
    def _frame_cycles(self) -> int:
        return self.services.clock.frequency // self._rate

    @property
    def _total_lines(self) -> int:
        return (self._total.raw & 0x7FF) + 1

    def _line(self) -> int:
        """The line being sent (CPSR.CYPOS), 0 when off."""
        if not self._enabled:
            return 0
        passed = self.services.clock.now - self._frame_start
        return min(passed * self._total_lines // self._frame_cycles, self._total_lines - 1)

    def _display_status(self) -> int:
        """CDSR: vertical display enable; the other signals rest at their reset value."""
        line = self._line()
        first = self._origin[1]
        return 0xE | (first <= line < first + self.height)

    def _switch(self, on: bool) -> None:
        self._cancel()
        if on:
            self._begin_frame()

    def _begin_frame(self) -> None:
        clock, cycles, lines = self.services.clock, self._frame_cycles, self._total_lines
        self._frame_start = clock.now
        self._events = [
            clock.schedule(min(line, lines) * cycles // lines, action)
            for line, action in (
                (self._line_position.value, lambda: self._raise(_LIF)),
                (self._origin[1], self._check_buffers),
                (self._origin[1] + self.height, self._vertical_blanking),
            )
        ]
        self._events.append(clock.schedule(cycles, self._begin_frame))

    def _check_buffers(self) -> None:
        for layer in self.layers:
            if layer.enabled and layer.active[_CFBAR] and layer.underruns(self._origin):
                self.log.warning("the frame buffer at 0x%08X ends before its window", layer.active[_CFBAR])
                self._raise(_FUIF)

    def _vertical_blanking(self) -> None:
        if self._reload_later:
            self._reload_later.value = 0
            self._reload()
            self._raise(_RRIF)

    def _reload_asked(self, written: int) -> None:
        if self._reload_now:
            self._reload_now.value = 0
            self._reload()
        elif self._reload_later and not self._enabled:
            self.log.debug("SRCR.VBR while the controller is off: taken over once it is on")

    def _reload(self) -> None:
        for layer in self.layers:
            layer.reload()

    def _cancel(self) -> None:
        for event in self._events:
            self.services.clock.cancel(event)
        self._events.clear()

    # Interrupts

    def _raise(self, flag: int) -> None:
        self._flags.value |= flag
        self._update()

    def _clear(self, written: int) -> None:
        self._flags.value &= ~written
        self._update()

    def _update(self) -> None:
        pending = self._flags.value & self._enables.value
        self.irq.set(bool(pending & ~_ERRORS))
        self.error_irq.set(bool(pending & _ERRORS))
