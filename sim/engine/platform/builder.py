"""Merged entries -> devices in a machine.

The order is Renode's: preinit sections, types, construction along references, properties, wiring, registration (parents
first), init sections. Nothing of the machine is touched before every entry has its type and its settings have been
checked against the constructor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

from sim.engine.bus import Bus
from sim.engine.devices.base import Device, Services
from sim.engine.devices.script_twin import find_twin
from sim.engine.members import members_of
from sim.engine.names import camel_case, snake_case
from sim.engine.platform import syntax
from sim.engine.platform.lenient import Unmodelled
from sim.engine.platform.merging import Folders, MergedEntry
from sim.engine.platform.registration import register
from sim.engine.platform.registry import Parameter, Registry, near_names, parameters
from sim.engine.platform.values import Converter
from sim.engine.platform.wiring import wire
from sim.engine.scripting import PythonPeripheral
from sim.engine.wording import (
    failed_construction,
    no_constructor,
    no_destination,
    no_property,
    undefined_reference,
)
from sim.errors import CrosscamError

Execute = Callable[[str], object]
"""Runs one monitor command."""

BUILTIN = ("machine", "sysbus")
"""Names every machine has."""


class Target(Services, Protocol):
    """The machine being built."""

    devices: dict[str, Device]
    on_reset: list[Callable[[], None]]
    board_files: list[str]

    @property
    def sysbus(self) -> Bus: ...

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


class Builder:
    """Builds one description into ``machine``.

    Args:
        execute: runs monitor commands of ``preinit``, ``init`` and ``reset`` sections; None refuses them.
    """

    def __init__(self, machine: Target, registry: Registry, folders: Folders, execute: Execute | None) -> None:
        self._machine, self._registry, self._execute = machine, registry, execute
        self._entries: dict[str, MergedEntry] = {}
        self._types: dict[str, type[Device]] = {}
        self._paths = {path.rpartition(".")[2]: path for path in machine.devices}
        self._devices = {name: machine.devices[path] for name, path in self._paths.items()}
        self._converter = Converter(self._device, self._make_inline, folders)
        self._inline: list[tuple[Device, syntax.Inline]] = []

    @property
    def known(self) -> frozenset[str]:
        """Names that entries may add to without declaring them."""
        return frozenset((*self._devices, *BUILTIN))

    def build(self, entries: list[MergedEntry]) -> None:
        """Create, set, wire and register everything.

        Raises:
            CrosscamError: file, line and column of what is wrong.
        """
        self._entries = {entry.name: entry for entry in entries}
        for entry in entries:
            self._run(entry, "preinit", "")
        for entry in entries:
            if entry.type_name:
                self._types[entry.name] = self._registry.find(entry.type_name, entry.place)
                self._check(self._types[entry.name], entry.settings.values(), entry.type_name, entry.place)
            else:
                self._refuse_parameters(entry)
        for entry in self._ordered(entries, self._construction_needs):
            if entry.type_name:
                cls = self._types[entry.name]
                settings = entry.settings.values()
                self._devices[entry.name] = self._construct(cls, entry.alias or entry.name, settings, entry.place)
        for entry in entries:
            self._set_properties(self._devices.get(entry.name), entry.settings.values())
        for device, value in self._inline:
            self._set_properties(device, [each for each in value.attributes if isinstance(each, syntax.Setting)])
        wire(self._machine, entries, self._destination, self._registry.refuse)
        for entry in self._ordered(entries, self._registration_needs):
            self._register(entry)
        for entry in entries:
            self._run(entry, "init", self._command_name(entry))
            self._keep_reset(entry)

    # Names

    def _device(self, reference: syntax.Reference, missing: Callable[[str], str] = undefined_reference) -> Device:
        """The device of that name; ``missing``: Renode's words when there is none."""
        found = self._devices.get(reference.name)
        if found is None:
            near = near_names(reference.name, [*self._devices, *self._entries])
            text = f"{reference.place}: no entry is named {reference.name} {near}".rstrip()
            raise CrosscamError(text, renode=missing(reference.name))
        return found

    def _destination(self, reference: syntax.Reference) -> Device:
        """What an output is to drive."""
        return self._device(reference, no_destination)

    def _command_name(self, entry: MergedEntry) -> str:
        return entry.name if entry.name in BUILTIN else self._paths.get(entry.name, entry.name)

    # Checking and constructing

    def _check(
        self, cls: type[Device], settings: Iterable[syntax.Setting], type_name: str, place: syntax.Place
    ) -> None:
        """Every parameter exists and none that is needed is missing."""
        if issubclass(cls, Unmodelled):
            return
        wanted = parameters(cls)
        given: set[str] = set()
        for setting in settings:
            if setting.is_property or isinstance(setting.value, syntax.Nothing):
                continue
            name = snake_case(setting.name)
            if name not in wanted:
                names = [camel_case(each) for each in wanted]
                hint = near_names(setting.name, names) or f"it takes {', '.join(names) or 'none'}"
                self._registry.refuse(
                    CrosscamError(
                        f"{setting.place}: {type_name} has no parameter {setting.name}: {hint}",
                        renode=no_constructor(type_name),
                    )
                )
                continue
            given.add(name)
        for parameter in wanted.values():
            if parameter.required and parameter.name not in given:
                raise CrosscamError(
                    f"{place}: {type_name} needs the parameter {camel_case(parameter.name)}: expected"
                    f" `{camel_case(parameter.name)}: ...`",
                    renode=no_constructor(type_name),
                )

    def _refuse_parameters(self, entry: MergedEntry) -> None:
        for setting in entry.settings.values():
            if not setting.is_property:
                raise CrosscamError(
                    f"{setting.place}: {entry.name} is built already: expected properties (capital first letter) only,"
                    f" found {setting.name}"
                )

    def _construct(
        self, cls: type[Device], name: str, settings: Iterable[syntax.Setting], place: syntax.Place
    ) -> Device:
        if issubclass(cls, Unmodelled):
            return cls(self._machine, name)
        wanted = parameters(cls)
        arguments: dict[str, Any] = {}
        for setting in settings:
            parameter: Parameter | None = None if setting.is_property else wanted.get(snake_case(setting.name))
            if parameter is not None and not isinstance(setting.value, syntax.Nothing):
                arguments[parameter.name] = self._converter.convert(setting.value, parameter.annotation, setting.name)
        try:
            return self._native_form(cls, name, arguments) or cls(self._machine, name, **arguments)
        except CrosscamError as error:
            raise CrosscamError(f"{place}: {error}", renode=failed_construction(name, str(error))) from None

    def _native_form(self, cls: type[Device], name: str, arguments: dict[str, Any]) -> Device | None:
        """What does the same as the script this would run; see ``sim/engine/devices/script_twin.py``."""
        script = arguments.get("filename")
        make = find_twin(script) if cls is PythonPeripheral and isinstance(script, Path) else None
        if make is None:
            return None
        made = make(self._machine, name)
        made.size = arguments.get("size", made.size)
        made.RENODE_TYPES = cls.RENODE_TYPES  # type: ignore[misc]  # to whoever lists devices it is the script
        made.log.debug("%s runs natively", script)
        return made

    def _make_inline(self, value: syntax.Inline) -> Device:
        cls = self._registry.find(value.type_name, value.place)
        settings = [each for each in value.attributes if isinstance(each, syntax.Setting)]
        self._check(cls, settings, value.type_name, value.place)
        made = self._construct(cls, value.type_name, settings, value.place)
        self._inline.append((made, value))
        return made

    def _set_properties(self, device: Device | None, settings: Iterable[syntax.Setting]) -> None:
        if isinstance(device, Unmodelled):
            return
        for setting in settings:
            if not setting.is_property or isinstance(setting.value, syntax.Nothing):
                continue
            member = members_of(type(device)).get(setting.name) if device is not None else None
            if member is None or member.declared is not None or not member.settable:
                owner = type(device).__name__ if device else "this entry"
                text = f"{setting.place}: {owner} has no property {setting.name} that can be set"
                self._registry.refuse(CrosscamError(text, renode=no_property(setting.name, owner)))
                continue
            kind = member.kind or type(getattr(device, member.attribute))
            value = self._converter.convert(setting.value, kind, setting.name)
            try:
                setattr(device, member.attribute, value)
            except CrosscamError as error:
                raise error.within(str(setting.place)) from None

    # Order

    def _construction_needs(self, entry: MergedEntry) -> list[syntax.Reference]:
        found: list[syntax.Reference] = []

        def visit(value: syntax.Value) -> None:
            if isinstance(value, syntax.Reference):
                found.append(value)
            elif isinstance(value, syntax.Array):
                for item in value.items:
                    visit(item)
            elif isinstance(value, syntax.Table):
                for key, item in value.items:
                    visit(key)
                    visit(item)
            elif isinstance(value, syntax.Inline):
                for attribute in value.attributes:
                    if isinstance(attribute, syntax.Setting) and not attribute.is_property:
                        visit(attribute.value)

        for setting in entry.settings.values():
            if not setting.is_property:
                visit(setting.value)
        return found

    def _registration_needs(self, entry: MergedEntry) -> list[syntax.Reference]:
        return [syntax.Reference(each.place, each.parent) for each in entry.registrations or ()]

    def _ordered(
        self, entries: list[MergedEntry], needs: Callable[[MergedEntry], list[syntax.Reference]]
    ) -> list[MergedEntry]:
        """``entries`` so that each comes after those it refers to."""
        done: dict[str, MergedEntry] = {}
        for first in entries:
            waiting: dict[str, list[syntax.Reference]] = {}  # what each still needs, innermost last
            following: MergedEntry | None = first
            while following is not None or waiting:
                if following is not None and following.name not in done:
                    if following.name in waiting:
                        names = [*waiting]
                        circle = " -> ".join([*names[names.index(following.name) :], following.name])
                        raise CrosscamError(f"{following.place}: entries need each other in a circle: {circle}")
                    waiting[following.name] = list(needs(following))
                following = None
                if waiting:
                    name = next(reversed(waiting))
                    if waiting[name]:
                        following = self._entries.get(waiting[name].pop(0).name)
                    else:
                        del waiting[name]
                        done[name] = self._entries[name]
        return list(done.values())

    # Registration and sections

    def _register(self, entry: MergedEntry) -> None:
        """Put the device where its registrations say; a device built before may get more of them."""
        device = self._devices.get(entry.name)
        if device is None:
            return
        name = entry.alias or entry.name
        if not entry.registrations:
            if entry.type_name:
                self._paths[entry.name] = name
                self._machine.register(name, device)
            return
        for registration in entry.registrations:
            parent = None
            parent_path = "sysbus"
            if registration.parent != "sysbus":
                parent = self._device(syntax.Reference(registration.place, registration.parent))
                parent_path = self._paths[registration.parent]
            path = self._paths.setdefault(entry.name, f"{parent_path}.{name}")
            register(self._machine, path, device, parent, registration, self._converter)

    def _run(self, entry: MergedEntry, kind: str, prefix: str) -> None:
        for section in entry.scripts.get(kind, ()):
            if self._execute is None:
                raise CrosscamError(f"{section.place}: {kind} sections need a monitor: load this file from one")
            for line in section.lines:
                self._command(section, f"{prefix} {line}".strip())

    def _command(self, section: syntax.Script, command: str) -> None:
        assert self._execute is not None
        try:
            self._execute(command)
        except CrosscamError as error:
            raise error.within(f"{section.place}: {section.kind}") from None

    def _keep_reset(self, entry: MergedEntry) -> None:
        if entry.scripts.get("reset"):
            prefix = self._command_name(entry)
            self._machine.on_reset.append(lambda: self._run(entry, "reset", prefix))
