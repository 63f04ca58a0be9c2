"""The core's registers as GDB numbers and describes them (GDB manual G.5.3, M-profile features)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sim.engine.native.registers import GENERAL

SYSTEM = ("msp", "psp", "primask", "basepri", "faultmask", "control")
DOUBLES = tuple(f"d{number}" for number in range(16))
FLOATS = (*DOUBLES, "fpscr")
NAMES = (*GENERAL, "sp", "lr", "pc", "xpsr", *SYSTEM, *FLOATS)
_XPSR = 25
"""GDB's number of the flags; 16 to 24 were the registers of the FPA."""
_TYPES = {"sp": "data_ptr", "msp": "data_ptr", "psp": "data_ptr", "pc": "code_ptr"}


@dataclass(frozen=True)
class Register:
    """One register: GDB's number and its size in bits."""

    number: int
    name: str
    bits: int

    @property
    def unknown(self) -> bytes:
        """A value nobody knows, as hexadecimal digits."""
        return b"x" * (self.bits // 4)

    def encoded(self, values: Mapping[str, int]) -> bytes:
        """Its value in ``values`` as hexadecimal digits, low byte first."""
        if self.name not in values:
            return self.unknown
        return values[self.name].to_bytes(self.bits // 8, "little").hex().encode()


_CORE = tuple(Register(number, name, 32) for number, name in enumerate((*GENERAL, "sp", "lr", "pc")))
_FLAGS = (Register(_XPSR, "xpsr", 32),)
_SYSTEM = tuple(Register(_XPSR + 1 + index, name, 32) for index, name in enumerate(SYSTEM))
_FLOATS = tuple(
    Register(_XPSR + 1 + len(SYSTEM) + index, name, 64 if name in DOUBLES else 32) for index, name in enumerate(FLOATS)
)


def described(floats: bool) -> tuple[Register, ...]:
    """All registers, by rising number."""
    return (*_CORE, *_FLAGS, *_SYSTEM, *(_FLOATS if floats else ()))


def target_description(floats: bool) -> str:
    """``target.xml``."""
    features = [("m-profile", (*_CORE, *_FLAGS)), ("m-system", _SYSTEM)]
    if floats:
        features.append(("vfp", _FLOATS))
    return "\n".join(_lines(features))


def _lines(features: list[tuple[str, tuple[Register, ...]]]) -> Iterator[str]:
    yield '<?xml version="1.0"?>'
    yield '<!DOCTYPE target SYSTEM "gdb-target.dtd">'
    yield "<target>"
    yield "<architecture>arm</architecture>"
    for name, registers in features:
        yield f'<feature name="org.gnu.gdb.arm.{name}">'
        for each in registers:
            kind = "ieee_double" if each.name in DOUBLES else _TYPES.get(each.name, "int")
            yield f'<reg name="{each.name}" bitsize="{each.bits}" regnum="{each.number}" type="{kind}"/>'
        yield "</feature>"
    yield "</target>"
