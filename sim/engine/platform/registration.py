"""Where a device goes: addresses on the system bus, points at other devices."""

from __future__ import annotations

from typing import Any

from sim.engine.bus import Bus, MappedMemory
from sim.engine.devices.base import Device
from sim.engine.platform import syntax
from sim.engine.platform.values import Converter
from sim.errors import CrosscamError

_BUS_POINTS = {"BusPointRegistration": ("address",), "BusRangeRegistration": ("address", "size")}
_SMALL_POINTS = ("NumberRegistrationPoint", "NullRegistrationPoint", "TypedNumberRegistrationPoint")


def register(
    bus: Bus, parent: Device | None, device: Device, registration: syntax.Registration, converter: Converter
) -> None:
    """Attach ``device`` to ``parent`` (None: to the system bus) at the point the entry gives.

    Raises:
        CrosscamError: a point of the wrong kind, addresses already taken.
    """
    try:
        if parent is None:
            _on_bus(bus, device, registration, converter)
        else:
            parent.register_child(device, _number(registration, converter))
    except CrosscamError as error:
        if str(error).startswith(registration.place.file + ":"):
            raise
        raise CrosscamError(f"{registration.place}: {error}") from None


def _on_bus(bus: Bus, device: Device, registration: syntax.Registration, converter: Converter) -> None:
    point = registration.point
    if point is None:
        return  # a core: on the bus, but at no address
    if isinstance(point, syntax.Range):
        address, size = point.begin, point.size
    elif isinstance(point, syntax.Number) and isinstance(point.value, int):
        address, size = point.value, device.size
    elif isinstance(point, syntax.Inline):
        fields = _fields(point, _BUS_POINTS, converter)
        address, size = fields["address"], fields.get("size", device.size)
    else:
        raise CrosscamError(
            f"{point.place}: expected an address, a range or a Bus...Registration after sysbus, found something else"
        )
    if isinstance(device, MappedMemory):
        bus.add_memory(address, device)
        return
    device.size = size
    if hasattr(device, "base_address"):
        device.base_address = address
    bus.add_window(address, size, device)


def _number(registration: syntax.Registration, converter: Converter) -> int:
    point = registration.point
    if point is None:
        return 0
    if isinstance(point, syntax.Inline):
        fields = _fields(point, dict.fromkeys(_SMALL_POINTS, ()), converter)
        return int(fields.get("address", fields.get("point", 0)))
    return int(converter.convert(point, int, f"registration point at {registration.parent}"))


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
