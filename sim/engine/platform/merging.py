"""Files joined by ``using`` -> one entry a name.

An entry may be declared in one file and added to in others: settings and registrations of a later one replace those
of an earlier one, wirings replace output by output, ``init`` replaces and ``init add`` appends. Included files count
as earlier than the file that includes them. ``chip.engine.repl`` beside ``chip.repl`` counts as its end: there a
description for both engines says what Renode has no types or outputs for; Renode never opens it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sim.engine.platform import syntax
from sim.engine.platform.limits import MOST_FILES, read_text, renode_folders
from sim.engine.platform.parser import parse
from sim.engine.platform.syntax import Place
from sim.engine.wording import CIRCULAR_USING, EMPTY_ENTRY, declared_twice, never_declared, no_using, used_twice
from sim.errors import CrosscamError

COMPANION = ".engine.repl"


@dataclass(slots=True)
class MergedEntry:
    """Everything all files say about one name."""

    name: str
    place: Place
    type_name: str = ""
    registrations: tuple[syntax.Registration, ...] | None = None
    alias: str | None = None
    settings: dict[str, syntax.Setting] = field(default_factory=dict)
    wirings: list[tuple[syntax.Wiring, ...]] = field(default_factory=list)
    """One group for each place that added wirings, earliest first."""
    scripts: dict[str, list[syntax.Script]] = field(default_factory=dict)

    def add(self, entry: syntax.Entry) -> None:
        """Take in what ``entry`` says."""
        if entry.type_name:
            self.type_name, self.place = entry.type_name, entry.type_place
        if entry.registrations is not None:
            self.registrations, self.alias = entry.registrations, entry.alias
        elif entry.alias is not None:
            raise CrosscamError(
                f"{entry.place}: {entry.name} has an alias but no registration: expected '@' before 'as'"
            )
        seen: set[str] = set()
        wirings: list[syntax.Wiring] = []
        for attribute in entry.attributes:
            if isinstance(attribute, syntax.Wiring):
                wirings.append(attribute)
                continue
            kind = attribute.name if isinstance(attribute, syntax.Setting) else attribute.kind
            if kind in seen:
                raise CrosscamError(f"{attribute.place}: {kind} is given twice in this entry", renode=used_twice(kind))
            seen.add(kind)
            if isinstance(attribute, syntax.Setting):
                self.settings[kind] = attribute
            elif attribute.adds:
                self.scripts.setdefault(kind, []).append(attribute)
            else:
                self.scripts[kind] = [attribute]
        if wirings:
            self.wirings.append(tuple(wirings))

    def script(self, kind: str) -> list[str]:
        """The monitor commands of all sections ``kind``."""
        return [line for section in self.scripts.get(kind, ()) for line in section.lines]


class Folders:
    """Where ``using`` and file parameters look for a path that is not absolute."""

    def __init__(self, path: list[Path] | None = None) -> None:
        self._path = path or []
        self.used: list[str] = []
        """Files that ``using`` has brought in."""

    def find(self, text: str, including: str) -> Path | None:
        """``text`` as a file: first beside the file ``including``, then along the monitor's path, then in the folders
        above the including file, so that a board may name files from its project's root, and at last in Renode's."""
        try:
            wanted = Path(text).expanduser()
            if wanted.is_absolute():
                return wanted if wanted.is_file() else None
            beside = Path(including).absolute().parent if including else Path.cwd()
            for folder in (beside, *self._path, *beside.parents, Path.cwd(), *renode_folders()):
                if (folder / wanted).is_file():
                    return (folder / wanted).resolve()
        except (OSError, ValueError, RuntimeError):  # a name no file can have
            return None
        return None


def read_description(path: Path) -> syntax.Description:
    """Parse the file ``path``; CrosscamError when it cannot be read."""
    return parse(read_text(path, "platform description"), str(path))


def merge(description: syntax.Description, folders: Folders, known: frozenset[str]) -> list[MergedEntry]:
    """All entries of ``description`` and the files it uses, merged by name, in order of declaration.

    ``known`` are names that exist already and may be added to without a type.

    Raises:
        CrosscamError: a missing or circular ``using``, a name declared twice or never.
    """
    files = list(_in_order(description, folders, "", []))
    merged: dict[tuple[str, str], MergedEntry] = {}
    for file, prefix in files:
        for entry in file.entries:
            if entry.type_name:
                _declare(entry, prefix, file.file, merged, known)
    for file, prefix in files:
        for entry in file.entries:
            name = prefix + entry.name
            if not (entry.type_name or entry.attributes or entry.registrations is not None):
                raise CrosscamError(
                    f"{entry.place}: {name} says nothing: expected a type, '@' or attributes", renode=EMPTY_ENTRY
                )
            target = merged.get((file.file, name)) or merged.get(("", name))
            if target is None:
                if name not in known:
                    raise CrosscamError(
                        f"{entry.place}: {name} has no type here or in any file this one uses",
                        renode=never_declared(name),
                    )
                target = merged[("", name)] = MergedEntry(name, entry.place)
            target.add(_prefixed(entry, prefix, merged, file.file) if prefix else entry)
    return list(merged.values())


def _declare(
    entry: syntax.Entry,
    prefix: str,
    file: str,
    merged: dict[tuple[str, str], MergedEntry],
    known: frozenset[str],
) -> None:
    name = prefix + entry.name
    for key in (("", name), (file, name)):
        if key in merged:
            raise CrosscamError(
                f"{entry.place}: {name} was declared before, at {merged[key].place}", renode=declared_twice(name)
            )
    if name in known:
        raise CrosscamError(
            f"{entry.place}: {name} exists already in this machine: expected another name",
            renode=declared_twice(name),
        )
    merged[(file if entry.is_local else "", name)] = MergedEntry(name, entry.place)


def _in_order(
    description: syntax.Description, folders: Folders, prefix: str, open_files: list[str]
) -> Iterator[tuple[syntax.Description, str]]:
    """Depth first: used files before the file that uses them; a file used twice counts once for each prefix."""
    seen: set[tuple[str, str]] = set()

    def walk(
        current: syntax.Description, prefix: str, open_files: list[str]
    ) -> Iterator[tuple[syntax.Description, str]]:
        for using in current.usings:
            path = folders.find(using.path, current.file)
            if path is None:
                raise CrosscamError(
                    f"{using.place}: no file {using.path}: looked beside {current.file} and above it",
                    renode=no_using(using.path),
                )
            file, inner = str(path), prefix + using.prefix
            if len(open_files) > MOST_FILES:
                raise CrosscamError(
                    f"{using.place}: {using.path}: expected at most {MOST_FILES} files inside each other"
                )
            if file in open_files:
                raise CrosscamError(
                    f"{using.place}: {using.path} uses this file in turn: expected no circle of files",
                    renode=CIRCULAR_USING,
                )
            if (file, inner) not in seen:
                seen.add((file, inner))
                folders.used.append(file)
                yield from walk(read_description(path), inner, [*open_files, file])
        yield current, prefix
        companion = Path(current.file).with_suffix(COMPANION)
        if current.file.endswith(".repl") and not current.file.endswith(COMPANION) and companion.is_file():
            yield from walk(read_description(companion), prefix, [*open_files, str(companion)])

    start = str(Path(description.file).resolve()) if description.file else ""
    yield from walk(description, prefix, [*open_files, start])


def _prefixed(entry: syntax.Entry, prefix: str, merged: dict[tuple[str, str], MergedEntry], file: str) -> syntax.Entry:
    """``entry`` of a file used with a prefix: the names it refers to get the prefix where the file declares them."""

    def rename(name: str) -> str:
        inner = prefix + name
        return inner if ("", inner) in merged or (file, inner) in merged else name

    def in_value(value: syntax.Value) -> syntax.Value:
        if isinstance(value, syntax.Reference):
            return replace(value, name=rename(value.name))
        if isinstance(value, syntax.Array):
            return replace(value, items=tuple(in_value(item) for item in value.items))
        if isinstance(value, syntax.Inline):
            return replace(value, attributes=tuple(in_attribute(each) for each in value.attributes))
        return value

    def in_attribute(attribute: syntax.Attribute) -> syntax.Attribute:
        if isinstance(attribute, syntax.Setting):
            return replace(attribute, value=in_value(attribute.value))
        if isinstance(attribute, syntax.Wiring):
            receivers = tuple(replace(end, device=rename(end.device)) for end in attribute.receivers)
            return replace(attribute, receivers=receivers)
        return attribute

    def in_registration(registration: syntax.Registration) -> syntax.Registration:
        point = None if registration.point is None else in_value(registration.point)
        return replace(registration, parent=rename(registration.parent), point=point)

    registrations = entry.registrations
    return replace(
        entry,
        registrations=None if registrations is None else tuple(in_registration(each) for each in registrations),
        attributes=tuple(in_attribute(each) for each in entry.attributes),
    )
