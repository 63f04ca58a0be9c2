"""``peripherals``: the machine's devices as a tree, on the screen or in a file, in Renode's two forms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.engine.cortex_m.cpu import CortexM
from sim.engine.devices.base import Device

if TYPE_CHECKING:
    from sim.engine.machine import Machine

_STEM, _LAST, _THROUGH, _GAP = "├── ", "└── ", "│   ", "    "


@dataclass
class Node:
    """One device: where it is registered in words and as JSON, and what is registered with it."""

    name: str
    kind: str
    places: list[str] = field(default_factory=list)
    bindings: list[dict[str, object]] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)


def tree(machine: Machine) -> Node:
    """All devices that are registered somewhere below the bus."""
    root = Node("sysbus", "SystemBus")
    nodes = {"sysbus": root}
    for path in sorted(path for path in machine.devices if path.startswith("sysbus.")):
        parent, _, name = path.rpartition(".")
        node = nodes[path] = _node(machine, name, machine.devices[path], machine.devices.get(parent))
        nodes.get(parent, root).children.append(node)
    return root


def _node(machine: Machine, name: str, device: Device, parent: Device | None) -> Node:
    node = Node(name, device.RENODE_TYPES[0].rpartition(".")[2] if device.RENODE_TYPES else type(device).__name__)
    if isinstance(device, CortexM):
        node.places.append("Slot: 0")
        node.bindings.append({"Type": "CPU", "Value": 0})
    for start, end in _windows(machine, device):
        node.places.append(f"<0x{start:08X}, 0x{end - 1:08X}>")
        node.bindings.append({"Type": "Bus", "Value": start})
    if parent is not None:
        for point, child in parent.children.items():
            if child is device:
                node.places.append(f"Address: {point}")
                node.bindings.append({"Type": "Numeric", "Value": point})
    return node


def _windows(machine: Machine, device: Device) -> list[tuple[int, int]]:
    bus = machine.sysbus
    found = [(window.start, window.end) for window in bus.windows if window.device is device]
    return sorted(found + [(start, end) for start, end, memory in bus.memories if memory is device])


def as_text(root: Node) -> str:
    """The tree as Renode's monitor prints it."""
    lines = ["Available peripherals:", "", f"  {root.name} ({root.kind})", f"  {_THROUGH}"]

    def add(node: Node, before: str, is_last: bool) -> None:
        lines.append(f"{before}{_LAST if is_last else _STEM}{node.name} ({node.kind})")
        below = before + (_GAP if is_last else _THROUGH)
        beside = below + (_THROUGH if node.children else _GAP)
        lines.extend(beside + place for place in node.places)
        lines.append(beside)
        for index, child in enumerate(node.children):
            add(child, below, index == len(node.children) - 1)

    for index, child in enumerate(root.children):
        add(child, "  ", index == len(root.children) - 1)
    return "\n".join(lines)


def as_document(root: Node) -> dict[str, Any]:
    """The tree as Renode's ``peripherals export`` writes it."""

    def document(node: Node) -> dict[str, Any]:
        children = [document(child) for child in node.children]
        return {"Name": node.kind, "Alias": node.name, "Bindings": node.bindings, "Children": children}

    return {"Header": "Peripheral Map 1.0", "Root": document(root)}
