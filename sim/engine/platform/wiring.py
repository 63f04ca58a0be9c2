"""Outputs to inputs: what the arrows of a .repl say.

Several outputs on one input are ORed, as Renode does, by a combiner nobody declared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from sim.engine.devices.base import Device, GpioReceiver, Line, Services
from sim.engine.devices.pins.combined_input import CombinedInput
from sim.engine.platform import syntax
from sim.engine.platform.merging import MergedEntry
from sim.engine.wording import ambiguous_default, no_output, no_receiver, wired_twice, wrong_arity
from sim.errors import CrosscamError, shown

Connection = tuple[Line, syntax.Receiver, int]
"""An output, the receiver it drives, the receiver's input number."""

Find = Callable[[syntax.Reference], Device]
Refuse = Callable[[CrosscamError], None]


def wire(services: Services, entries: Iterable[MergedEntry], find: Find, refuse: Refuse) -> None:
    """Make all connections of ``entries``.

    Args:
        find: gives the device of a name.
        refuse: told of an output that does not exist; where it returns the wiring is left out.

    Raises:
        CrosscamError: an output or receiver that does not exist, unequal numbers of outputs and inputs.
    """
    connections: list[Connection] = []
    for entry in entries:
        if entry.wirings:
            connections += _connections(entry, find(syntax.Reference(entry.place, entry.name)), refuse)
    drivers = Counter((end.device, end.local, number) for _, end, number in connections)
    combiners: dict[tuple[str, int | None, int], tuple[CombinedInput, int]] = {}
    for line, end, number in connections:
        receiver = _receiver(end, find)
        key = (end.device, end.local, number)
        if drivers[key] == 1:
            line.connect(receiver, number)
            continue
        if key not in combiners:
            combiner = CombinedInput(services, f"{end.device}.{number}", number_of_inputs=drivers[key])
            combiner.output_line.connect(receiver, number)
            combiners[key] = combiner, 0
        combiner, used = combiners[key]
        line.connect(combiner, used)
        combiners[key] = combiner, used + 1


def _connections(entry: MergedEntry, device: Device, refuse: Refuse) -> list[Connection]:
    """What each output drives; of several entries that wire it the latest decides."""
    decided: dict[str, list[Connection]] = {}
    for group in entry.wirings:
        here: set[str] = set()
        for wiring in group:
            try:
                lines = _lines(device, wiring)
            except CrosscamError as error:
                refuse(error)
                continue
            for line in lines:
                if line.name in here:
                    raise CrosscamError(
                        f"{wiring.place}: output {line.name} is wired twice in this entry",
                        renode=wired_twice(line.name.rpartition(".")[2]),
                    )
                here.add(line.name)
                decided[line.name] = []
            for end in wiring.receivers:
                if len(end.inputs) != len(lines):
                    raise CrosscamError(
                        f"{end.place}: expected {len(lines)} inputs of {end.device} for as many outputs,"
                        f" found {len(end.inputs)}",
                        renode=wrong_arity(len(lines), len(end.inputs)),
                    )
                for line, number in zip(lines, end.inputs, strict=True):
                    decided[line.name].append((line, end, number))
    return [connection for connections in decided.values() for connection in connections]


def _lines(device: Device, wiring: syntax.Wiring) -> list[Line]:
    names = ", ".join(str(key) for key in device.outputs) or "none"
    what = f"{device.name} ({type(device).__name__})"
    if wiring.outputs is None:
        line = device.default_output
        if line is None:
            raise CrosscamError(
                f"{wiring.place}: {what} has no default output: expected one of its outputs before '->' ({names})",
                renode=ambiguous_default([str(key) for key in device.outputs]),
            )
        return [line]
    for key in wiring.outputs:
        if key not in device.outputs:
            raise CrosscamError(
                f"{wiring.place}: {what} has no output {shown(key)}: it has {names}", renode=no_output(shown(key))
            )
    return [device.outputs[key] for key in wiring.outputs]


def _receiver(end: syntax.Receiver, find: Find) -> GpioReceiver:
    device = find(syntax.Reference(end.place, end.device))
    if end.local is not None:
        try:
            return device.local_receiver(end.local)
        except CrosscamError as error:
            raise CrosscamError(f"{end.place}: {error}") from None
    if type(device).on_gpio is Device.on_gpio:
        raise CrosscamError(
            f"{end.place}: {end.device} ({type(device).__name__}) has no inputs: expected a receiver",
            renode=no_receiver(device.RENODE_TYPES),
        )
    return device
