"""The core's registers under Renode's names and numbers (Cores/Arm-M/CoreRegisters in its sources)."""

from __future__ import annotations

from sim.engine.cortex_m.core import Core
from sim.engine.native.registers import FLOATS, GENERAL, Registers
from sim.errors import CrosscamError


class RegisterValue(int):
    """A register's value: a number that shows itself in hexadecimal, as Renode's does."""

    @property
    def RawValue(self) -> int:  # noqa: N802 - Renode's name
        """The plain number."""
        return int(self)

    def __str__(self) -> str:
        return f"0x{int(self):x}"


_DIRECT = (*GENERAL, "sp", "lr", "control", "basepri", "primask", "faultmask", "msp", "psp", "fpscr", *FLOATS)
_ON_THE_BUS = {
    "fpccr": 0xE000EF34,
    "fpcar": 0xE000EF38,
    "fpdscr": 0xE000EF3C,
    "cpacr": 0xE000ED88,
    "vecbase": 0xE000ED08,
}
_ALIASES = {"r13": "sp", "r14": "lr", "r15": "pc", "cpsr": "xpsr", "base_pri": "basepri", "vec_base": "vecbase"}
_NUMBERS = {
    **{n: f"r{n}" for n in range(13)},
    13: "sp", 14: "lr", 15: "pc", 18: "control", 19: "basepri", 20: "vecbase", 21: "currentsp", 22: "othersp",
    23: "fpccr", 24: "fpcar", 25: "xpsr", 26: "fpdscr", 27: "cpacr", 28: "primask", 30: "faultmask",
    **{42 + n: f"d{n}" for n in range(16)}, 74: "fpscr", **{75 + n: f"s{n}" for n in range(32)},
}  # fmt: skip
_DOUBLES = {f"d{n}": (f"s{2 * n}", f"s{2 * n + 1}") for n in range(16)}
NAMES = ("pc", "xpsr", "currentsp", "othersp", *_DIRECT, *_DOUBLES, *_ON_THE_BUS)


class RegisterFile:
    """Reads and writes one register of a core at a time, by name or number."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._one: dict[str, Registers] = {}

    def name_of(self, which: int | str) -> str:
        """The register's own name.

        Raises:
            CrosscamError: there is no such register.
        """
        text = str(which).lower()
        if text.isdecimal():
            text = _NUMBERS.get(int(text), text)
        text = _ALIASES.get(text, text).replace("_", "")
        if text not in NAMES:
            raise CrosscamError(
                f"{self._core.name}: no register {which}: expected a number (0 to 15 are r0 to pc) or one of r0 to "
                "r12, sp, lr, pc, xpsr, control, primask, basepri, faultmask, msp, psp, fpscr, s0 to s31, d0 to d15"
            )
        return text

    def _register(self, name: str) -> Registers:
        if name not in self._one:
            self._one[name] = Registers(self._core.engine, name)
        return self._one[name]

    def _stack(self, current: bool) -> str:
        on_process_stack = bool(self.read("control") & 2) and not self._core.exception_number
        return "psp" if on_process_stack == current else "msp"

    def read(self, which: int | str) -> RegisterValue:
        """The value of a register; D registers have 64 bits."""
        name, core = self.name_of(which), self._core
        if name == "pc":
            return RegisterValue(core.pc)
        if name == "xpsr":
            return RegisterValue(core.xpsr)
        if name in ("currentsp", "othersp"):
            name = self._stack(name == "currentsp")
        if name in ("primask", "basepri", "faultmask"):
            return RegisterValue(getattr(core.masks(), name))
        if name in _DOUBLES:
            low, high = _DOUBLES[name]
            return RegisterValue(self.read(low) | self.read(high) << 32)
        if name in _ON_THE_BUS:
            return RegisterValue(core.core_services.sysbus.read(_ON_THE_BUS[name], 4))
        return RegisterValue(self._register(name).read()[0])

    def write(self, which: int | str, value: int) -> None:
        """Set a register.

        Raises:
            CrosscamError: xPSR, or a register that the core's present privilege keeps from being set.
        """
        name, core = self.name_of(which), self._core
        value = int(value)
        if name == "pc":
            core.pc = value & 0xFFFFFFFF
            return
        if name == "xpsr":
            raise CrosscamError(f"{core.name}: xPSR cannot be set; set r0 to r12, sp, lr or pc")
        if name in ("currentsp", "othersp"):
            name = self._stack(name == "currentsp")
        if name in _DOUBLES:
            for half, part in zip(_DOUBLES[name], (value, value >> 32), strict=True):
                self.write(half, part)
        elif name in _ON_THE_BUS:
            core.core_services.sysbus.write(_ON_THE_BUS[name], 4, value & 0xFFFFFFFF)
        else:
            self._register(name).write(value & 0xFFFFFFFF)


class RegisterGroup:
    """``core.R[3]``: registers of one kind by index."""

    def __init__(self, registers: RegisterFile, prefix: str) -> None:
        self._registers, self._prefix = registers, prefix

    def __getitem__(self, index: int) -> RegisterValue:
        return self._registers.read(f"{self._prefix}{index}")

    def __setitem__(self, index: int, value: int) -> None:
        self._registers.write(f"{self._prefix}{index}", value)
