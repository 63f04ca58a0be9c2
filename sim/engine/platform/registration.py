"""Where a device goes: addresses on the system bus, points at other devices."""

from __future__ import annotations

from typing import Any, Protocol

from sim.engine.devices.base import Device
from sim.engine.platform import syntax
from sim.engine.platform.limits import LARGEST_WINDOW
from sim.engine.platform.values import Converter
from sim.engine.wording import out_of_reach
from sim.errors import CrosscamError, shown

_BUS_POINTS = {
    "BusPointRegistration": ("address",),
    "BusRangeRegistration": ("address", "size"),
    "BusMultiRegistration": ("address", "size", "region"),
}
_SMALL_POINTS = ("NumberRegistrationPoint", "NullRegistrationPoint", "TypedNumberRegistrationPoint")


class Registrar(Protocol):
    """What a machine offers to put a device somewhere."""

    def register(
        self,
        path: str,
        device: Device,
        address: int | None = None,
        size: int | None = None,
        *,
        parent: Device | None = None,
        point: int = 0,
    ) -> None: ...


def register(
    machine: Registrar,
    path: str,
    device: Device,
    parent: Device | None,
    registration: syntax.Registration,
    converter: Converter,
) -> None:
    """Attach ``device`` to ``parent`` (None: to the system bus) at the point the entry gives.

    Raises:
        CrosscamError: a point of the wrong kind, a path or addresses already taken.
    """
    try:
        if parent is not None:
            machine.register(path, device, parent=parent, point=_number(registration, converter))
            return
        region = _region(registration, converter)
        if region:
            path, device = f"{path}.{region}", device.region(region)
        address, size = _window(device, registration, converter)
        if address is not None:
            _check_window(device.name, address, device.size if size is None else size)
        if address is not None and hasattr(device, "base_address"):
            device.base_address = address
        machine.register(path, device, address, size)
    except CrosscamError as error:
        if str(error).startswith(registration.place.file + ":"):
            raise
        raise error.within(str(registration.place)) from None


def _check_window(name: str, address: int, size: int) -> None:
    """A Cortex-M has 32-bit addresses."""
    if not 0 <= address < 1 << 32:
        raise CrosscamError(
            f"address 0x{address:X}: expected one of 32 bits" if address > 0 else f"address {address}",
            renode=out_of_reach(name),
        )
    if not 0 < size <= LARGEST_WINDOW or address + size > 1 << 32:
        raise CrosscamError(f"0x{size:X} bytes at 0x{address:X}: expected 1 to 0x{LARGEST_WINDOW:X} within 32 bits")


def _region(registration: syntax.Registration, converter: Converter) -> str:
    """The part of a device that a BusMultiRegistration puts at its address; else empty."""
    point = registration.point
    if not isinstance(point, syntax.Inline) or not point.type_name.endswith("BusMultiRegistration"):
        return ""
    return str(_fields(point, _BUS_POINTS, converter)["region"])


def _window(device: Device, registration: syntax.Registration, converter: Converter) -> tuple[int | None, int | None]:
    """Address and size on the system bus; None for what the device itself says, or for a core: at no address."""
    point = registration.point
    if point is None:
        return None, None
    if isinstance(point, syntax.Range):
        return point.begin, point.size
    if isinstance(point, syntax.Number) and isinstance(point.value, int):
        return point.value, None
    if isinstance(point, syntax.Inline):
        fields = _fields(point, _BUS_POINTS, converter)
        for name in ("address", "size"):
            if not isinstance(fields.get(name, 0), int):
                raise CrosscamError(f"{point.place}: {name}: expected a number, found {shown(fields[name])}")
        return fields["address"], fields.get("size")
    raise CrosscamError(
        f"{point.place}: expected an address, a range or a Bus...Registration after sysbus, found something else"
    )


def _number(registration: syntax.Registration, converter: Converter) -> int:
    point = registration.point
    if point is None:
        return 0
    if isinstance(point, syntax.Inline):
        fields = _fields(point, dict.fromkeys(_SMALL_POINTS, ()), converter)
        found = fields.get("address", fields.get("point", 0))
        if not isinstance(found, int) or not 0 <= found < 1 << 32:
            raise CrosscamError(f"{point.place}: address: expected a number of 32 bits, found {shown(found)}")
        return found
    number = int(converter.convert(point, int, f"registration point at {registration.parent}"))
    if not 0 <= number < 1 << 32:
        raise CrosscamError(f"{point.place}: {number}: expected a number of 32 bits")
    return number


def _fields(point: syntax.Inline, known: dict[str, tuple[str, ...]], converter: Converter) -> dict[str, Any]:
    """Attributes of an inline registration point; those it must have are checked."""
    name = point.type_name.rpartition(".")[2]
    if name not in known:
        raise CrosscamError(f"{point.place}: unknown registration point {point.type_name}: expected {', '.join(known)}")
    found = {
        each.name: converter.convert(each.value, Any, each.name)
        for each in point.attributes
        if isinstance(each, syntax.Setting) and not isinstance(each.value, syntax.Nothing)
    }
    if "range" in found and "address" not in found:
        found["address"], found["size"] = found["range"][0], found["range"][1] - found["range"][0]
    for wanted in known[name]:
        if wanted not in found:
            raise CrosscamError(f"{point.place}: {point.type_name} needs {wanted}: expected `{wanted}: ...`")
    return found
