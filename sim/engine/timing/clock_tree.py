"""The clock tree as firmware has programmed it: what the RCC's and the flash controller's registers say.

``stm32h7`` (RM0433 and RM0455 section 8: the H7A3 keeps the register layout, under other names) and ``stm32f7`` (RM0385
section 5) are here, those of the Cortex-M4's chips in ``m4_clocks.py``. Frequencies are in Hz. Nothing is checked
against the limits of the data sheet here, but the wait states: see ``needed_wait_states``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim.engine.bus import Bus
from sim.engine.timing.clock_parts import (
    APB_SHIFTS,
    CSI_H7,
    HSI_F7,
    HSI_H7,
    LSE,
    Accelerator,
    Frequencies,
    divided,
    own_bus,
    timer_clock,
)
from sim.engine.timing.m4_clocks import f4_frequencies, f4_scale, l4_frequencies, l4_scale

_LATENCY, _PRFTEN, _ICEN, _DCEN = 0xF, 1 << 8, 1 << 9, 1 << 10  # FLASH_ACR


@dataclass(frozen=True)
class Limits:
    """At voltage scale ``scale``, ``megahertz[n]`` is the fastest flash clock for n wait states."""

    scale: int
    megahertz: tuple[int, ...]


@dataclass(frozen=True)
class ClockData:
    """Where the registers are; from the ``[clocks]`` of a chip data file. ``hse``: what the crystal gives in Hz where
    the board does not say it."""

    tree: str
    rcc: int
    flash: int
    power: int
    hse: int
    limits: tuple[Limits, ...]

    @classmethod
    def from_file(cls, data: dict[str, Any]) -> ClockData:
        """Raises KeyError, TypeError or ValueError when an entry is missing or wrong."""
        if data["tree"] not in _TREES:
            raise ValueError(f'clocks.tree "{data["tree"]}": expected one of {", ".join(_TREES)}')
        limits = tuple(Limits(int(e["scale"]), tuple(int(m) for m in e["megahertz"])) for e in data["wait_states"])
        return cls(data["tree"], data["rcc"], data["flash"], data["power"], int(data["hse"]), limits)


def board_hse(bus: Bus, data: ClockData) -> int:
    """Frequency of HSE in Hz as the board's RCC says it (``hseFrequency`` of a .repl); 0 when it does not."""
    window = bus.window_at(data.rcc)
    return int(getattr(window.device, "hse_frequency", 0) or 0) if window is not None else 0


class ClockTree:
    """``read(address)`` gives the word of a register; ``hse()`` what the board says of its crystal, 0 for nothing."""

    def __init__(self, data: ClockData, read: Callable[[int], int], hse: Callable[[], int] = lambda: 0) -> None:
        self.data = data
        self.read = read
        self._board_hse = hse
        self._compute, self._voltage_scale = _TREES[data.tree]

    def frequencies(self) -> Frequencies | None:
        """What runs now; None while the registers make no clock (a PLL without source, divided by 0)."""
        return self._compute(self)

    @property
    def hse(self) -> int:
        """Frequency of the crystal, or of the clock from outside, in Hz."""
        return self._board_hse() or self.data.hse

    def needed_wait_states(self, hertz: int) -> int | None:
        """FLASH_ACR.LATENCY that a flash clock wants at the present voltage; None where the manual allows none."""
        scale = self.voltage_scale()
        for limits in self.data.limits:
            if limits.scale == scale:
                return next((n for n, most in enumerate(limits.megahertz) if hertz <= most * 1_000_000), None)
        return None

    def voltage_scale(self) -> int:
        """0 the highest voltage, 3 the lowest."""
        return self._voltage_scale(self)

    def rcc(self, offset: int) -> int:
        """A register of the RCC."""
        return self.read(self.data.rcc + offset)

    def power(self, offset: int) -> int:
        """A register of the PWR."""
        return self.read(self.data.power + offset)

    def latency(self) -> int:
        """FLASH_ACR.LATENCY."""
        return self.read(self.data.flash) & _LATENCY

    def accelerator(self) -> Accelerator:
        """FLASH_ACR of the chips with an ART accelerator on the core's code buses (RM0090 3.9.1, RM0432 3.7.1)."""
        control = self.read(self.data.flash)
        return Accelerator(bool(control & _ICEN), bool(control & _DCEN), bool(control & _PRFTEN))


_SHAPING = {
    "stm32h743": ((0x00, 0x5C),),
    "stm32h7a3": ((0x00, 0x5C),),
    "stm32f7": ((0x00, 0x0C), (0x8C, 0x94)),
    "stm32f4": ((0x00, 0x0C), (0x8C, 0x98)),
    "stm32l4": ((0x00, 0x14), (0x88, 0xA0)),
}
"""Offsets of the registers of an RCC that make clocks."""


def shapes_clocks(data: ClockData, address: int, power: bool = False) -> bool:
    """A write there may change a clock or the wait states, with ``power`` also the voltage (most writes to an RCC only
    open gates)."""
    if power and 0 <= address - data.power < 0x400:
        return True
    offset = address - data.rcc
    if data.flash <= address < data.flash + 4:
        return True
    return any(first <= offset < end for first, end in _SHAPING[data.tree])


# STM32H7

_H743_OVERDRIVE = 0x5800042C  # SYSCFG_PWRCR.ODEN
_H7_CR, _H7_CFGR, _H7_D1, _H7_D2, _H7_D3, _H7_SOURCE, _H7_CONFIG, _H7_PLL1 = (
    0x00, 0x10, 0x18, 0x1C, 0x20, 0x28, 0x2C, 0x30,
)  # fmt: skip
_H7_D1_KERNELS, _H7_D2_KERNELS_1, _H7_D2_KERNELS_2, _H7_D3_KERNELS = 0x4C, 0x50, 0x54, 0x58


@dataclass(frozen=True)
class _Selector:
    """The field of an RCC register that chooses the kernel clock of the peripherals at ``addresses``, and the clocks
    it chooses from: ``pclk1`` .. ``pclk4``, an output of a PLL such as ``pll2_q``, ``hsi``, ``csi``, ``hse``, ``lse``,
    ``per``. ``bits``: of the field."""

    register: int
    lsb: int
    clocks: tuple[str, ...]
    addresses: tuple[int, ...]
    bits: int = 3


_SERIAL = ("pll2_q", "pll3_q", "hsi", "csi", "lse")
_H7_SELECTORS = (
    _Selector(_H7_D2_KERNELS_1, 12, ("pll1_q", "pll2_p", "pll3_p", "", "per"), (0x40013000, 0x40003800, 0x40003C00)),
    _Selector(_H7_D2_KERNELS_1, 16, ("pclk2", *_SERIAL[:4], "hse"), (0x40013400, 0x40015000)),
    _Selector(_H7_D3_KERNELS, 28, ("pclk4", *_SERIAL[:4], "hse"), (0x58001400,)),
    # USART 1, 6 and, on the H7A3, 9 and 10
    _Selector(_H7_D2_KERNELS_2, 3, ("pclk2", *_SERIAL), (0x40011000, 0x40011400, 0x40011800, 0x40011C00)),
    _Selector(
        _H7_D2_KERNELS_2,
        0,
        ("pclk1", *_SERIAL),
        (0x40004400, 0x40004800, 0x40004C00, 0x40005000, 0x40007800, 0x40007C00),
    ),
    _Selector(_H7_D3_KERNELS, 0, ("pclk4", *_SERIAL), (0x58000C00,)),  # LPUART1
    _Selector(_H7_D2_KERNELS_2, 12, ("pclk1", "pll3_r", "hsi", "csi"), (0x40005400, 0x40005800, 0x40005C00)),
    _Selector(_H7_D3_KERNELS, 8, ("pclk4", "pll3_r", "hsi", "csi"), (0x58001C00,)),
    _Selector(_H7_D3_KERNELS, 16, ("pll2_p", "pll3_r", "per"), (0x40022300, 0x58026300), 2),  # common registers of ADCs
)
"""RM0433 8.7.18 to 8.7.21; RM0455 has the same fields at the same places."""


def _h7_hsi(tree: ClockTree) -> int:
    return HSI_H7 >> (tree.rcc(_H7_CR) >> 3 & 3)


def _h7_pll(tree: ClockTree, number: int, output: int) -> int:
    """PLL ``number`` (1 to 3), output P, Q or R (0 to 2)."""
    source = (_h7_hsi(tree), CSI_H7, tree.hse, 0)[tree.rcc(_H7_SOURCE) & 3]
    divider = tree.rcc(_H7_SOURCE) >> (8 * number - 4) & 0x3F
    word = tree.rcc(_H7_PLL1 + 8 * (number - 1))
    if not divider:
        return 0
    fraction = 0
    if tree.rcc(_H7_CONFIG) >> 4 * (number - 1) & 1:
        fraction = tree.rcc(_H7_PLL1 + 4 + 8 * (number - 1)) >> 3 & 0x1FFF
    multiplied = source * (((word & 0x1FF) + 1) * 8192 + fraction) // (8192 * divider)
    return multiplied // ((word >> (9, 16, 24)[output] & 0x7F) + 1)


def _h7_frequencies(tree: ClockTree) -> Frequencies | None:
    switched = tree.rcc(_H7_CFGR) >> 3 & 7
    if switched > 3:
        return None
    system = (_h7_hsi(tree), CSI_H7, tree.hse)[switched] if switched < 3 else _h7_pll(tree, 1, 0)
    first = tree.rcc(_H7_D1)
    core = divided(system, first >> 8)
    bus = divided(core, first)
    if bus <= 0:
        return None
    prescalers = (tree.rcc(_H7_D2) >> 4 & 7, tree.rcc(_H7_D2) >> 8 & 7)
    most = 2 if tree.rcc(_H7_CFGR) >> 15 & 1 else 1
    apb = (bus >> APB_SHIFTS[prescalers[0]], bus >> APB_SHIFTS[prescalers[1]])
    timers = (timer_clock(bus, prescalers[0], most), timer_clock(bus, prescalers[1], most))
    own = {"pclk1": apb[0], "pclk2": apb[1], "pclk4": bus >> APB_SHIFTS[tree.rcc(_H7_D3) >> 4 & 7]}
    kernels = {}
    for selector in _H7_SELECTORS:
        kernels.update(dict.fromkeys(selector.addresses, _h7_kernel(tree, selector, own)))
    return Frequencies(core, bus, apb, timers, kernels, tree.latency())


def _h7_kernel(tree: ClockTree, selector: _Selector, own: dict[str, int]) -> int:
    """In Hz. A clock that does not run counts as the bus's own, or HSI: what a model without clocks would say, rather
    than a peripheral that stands."""
    chosen = tree.rcc(selector.register) >> selector.lsb & (1 << selector.bits) - 1
    name = selector.clocks[chosen] if chosen < len(selector.clocks) else ""
    if name == "per":
        name = ("hsi", "csi", "hse", "")[tree.rcc(_H7_D1_KERNELS) >> 28 & 3]
    fallback = own.get(selector.clocks[0], _h7_hsi(tree))
    if name.startswith("pll"):
        number = int(name[3])
        running = tree.rcc(_H7_CR) >> 22 + 2 * number & 1
        return (running and _h7_pll(tree, number, "pqr".index(name[-1]))) or fallback
    return own.get(name) or {"hsi": _h7_hsi(tree), "csi": CSI_H7, "hse": tree.hse, "lse": LSE}.get(name, 0) or fallback


def _h743_scale(tree: ClockTree) -> int:
    """PWR_D3CR.VOS 11 is scale 1, and scale 0 with SYSCFG_PWRCR.ODEN (RM0433 6.6.2)."""
    scale = (3, 3, 2, 1)[tree.power(0x18) >> 14 & 3]
    overdrive = tree.read(_H743_OVERDRIVE) & 1
    return 0 if scale == 1 and overdrive else scale


def _h7a3_scale(tree: ClockTree) -> int:
    """PWR_SRDCR.VOS (RM0455 6.8.7)."""
    return 3 - (tree.power(0x18) >> 14 & 3)


# STM32F7

_F7_PLL, _F7_CFGR, _F7_DEDICATED1, _F7_DEDICATED2 = 0x04, 0x08, 0x8C, 0x90
_F7_USARTS = (
    0x40011000, 0x40004400, 0x40004800, 0x40004C00, 0x40005000, 0x40011400, 0x40007800, 0x40007C00,
)  # fmt: skip
_F7_I2CS = (0x40005400, 0x40005800, 0x40005C00, 0x40006000)
_F7_SPIS = (0x40013000, 0x40003800, 0x40003C00, 0x40013400, 0x40015000, 0x40015400)


def _f7_frequencies(tree: ClockTree) -> Frequencies | None:
    configuration = tree.rcc(_F7_CFGR)
    switched = configuration >> 2 & 3
    word = tree.rcc(_F7_PLL)
    system = (HSI_F7, tree.hse, 0, 0)[switched]
    if switched == 2 and word & 0x3F:
        source = tree.hse if word >> 22 & 1 else HSI_F7
        system = source * (word >> 6 & 0x1FF) // (word & 0x3F) // (2 * (word >> 16 & 3) + 2)
    core = divided(system, configuration >> 4)
    if core <= 0:
        return None
    prescalers = (configuration >> 10 & 7, configuration >> 13 & 7)
    most = 2 if tree.rcc(_F7_DEDICATED1) >> 24 & 1 else 1
    apb = (core >> APB_SHIFTS[prescalers[0]], core >> APB_SHIFTS[prescalers[1]])
    timers = (timer_clock(core, prescalers[0], most), timer_clock(core, prescalers[1], most))
    kernels = {}
    for index, address in enumerate(_F7_USARTS):
        choice = tree.rcc(_F7_DEDICATED2) >> 2 * index & 3
        kernels[address] = (own_bus(address, apb), system, HSI_F7, LSE)[choice]
    for index, address in enumerate(_F7_I2CS):
        choice = tree.rcc(_F7_DEDICATED2) >> 16 + 2 * index & 3
        kernels[address] = (apb[0], system, HSI_F7, apb[0])[choice]
    kernels.update((address, own_bus(address, apb)) for address in _F7_SPIS)
    return Frequencies(core, core, apb, timers, kernels, tree.latency())


def _f7_scale(tree: ClockTree) -> int:
    """One table for all voltage scales (RM0385 table 5, supply of 2.7 V and more)."""
    return 1


_TREES: dict[str, tuple[Callable[[ClockTree], Frequencies | None], Callable[[ClockTree], int]]] = {
    "stm32h743": (_h7_frequencies, _h743_scale),
    "stm32h7a3": (_h7_frequencies, _h7a3_scale),
    "stm32f7": (_f7_frequencies, _f7_scale),
    "stm32f4": (f4_frequencies, f4_scale),
    "stm32l4": (l4_frequencies, l4_scale),
}
