"""Renode type name -> our class, and what its constructor takes."""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from sim.engine import bus, cortex_m, devices, scripting
from sim.engine.devices.base import Device
from sim.engine.platform.limits import limits_of
from sim.engine.platform.syntax import Place
from sim.engine.wording import abstract_type, unknown_type
from sim.errors import CrosscamError, shown

_PACKAGES = (devices.__name__, cortex_m.__name__, scripting.__name__)
_MODULES = (bus.__name__,)
_NAMESPACE = "Antmicro.Renode.Peripherals."
_LONGEST_MISSPELT = 64
_ABSTRACT = {"CPU.BaseCPU": "CPU.", "CPU.TranslationCPU": "CPU."}
"""Types Renode cannot build either, and what those that derive from them begin with."""


@dataclass(slots=True, frozen=True)
class Parameter:
    """One keyword of a constructor; ``annotation`` is ``Any`` where the class gives none that can be read."""

    name: str
    annotation: Any
    required: bool


class Registry:
    """The device classes a .repl may name."""

    def __init__(self, classes: Iterable[type[Device]]) -> None:
        self._classes = {name: each for each in classes for name in each.RENODE_TYPES}

    @property
    def classes(self) -> list[type[Device]]:
        """All of them."""
        return list(dict.fromkeys(self._classes.values()))

    @property
    def names(self) -> list[str]:
        """All type names, sorted."""
        return sorted(self._classes)

    def find(self, type_name: str, place: Place) -> type[Device]:
        """The class named ``type_name``, with or without Renode's namespace before it.

        Raises:
            CrosscamError: there is none; the text lists near names.
        """
        short = type_name.removeprefix(_NAMESPACE)
        found = self._classes.get(short)
        if found is not None:
            return found
        if short in _ABSTRACT:
            concrete = [each for each in self.names if each.startswith(_ABSTRACT[short])]
            raise CrosscamError(
                f"{place}: {type_name} is abstract: expected a type that can be built: {', '.join(concrete)}",
                renode=abstract_type(short, concrete),
            )
        near = near_names(type_name, self._classes)
        raise CrosscamError(
            f"{place}: unknown type {shown(type_name)}: {near or 'no type has a similar name'}",
            renode=unknown_type(type_name),
        )

    def refuse(self, error: CrosscamError) -> None:
        """A description names a parameter, property or output the type has not: ``error`` says which."""
        raise error


def near_names(wanted: str, names: Iterable[str]) -> str:
    """``did you mean A, B?`` for up to three names like ``wanted``, or an empty text."""
    if len(wanted) > _LONGEST_MISSPELT:  # comparing takes time
        return ""
    by_key = {name.lower(): name for name in names}
    by_key.update({name.rpartition(".")[2].lower(): name for name in by_key.values() if "." in name})
    keys = difflib.get_close_matches(wanted.lower(), by_key, n=3, cutoff=0.6)
    keys += difflib.get_close_matches(wanted.rpartition(".")[2].lower(), by_key, n=3, cutoff=0.6)
    found = list(dict.fromkeys(by_key[key] for key in keys))[:3]
    return f"did you mean {', '.join(found)}?" if found else ""


@functools.cache
def default_registry() -> Registry:
    """Every class with RENODE_TYPES in the engine's device modules."""
    names = list(_MODULES)
    for package in _PACKAGES:
        names.append(package)
        paths = importlib.import_module(package).__path__
        names += [found.name for found in pkgutil.walk_packages(paths, f"{package}.")]
    classes: dict[type[Device], None] = {}
    for name in names:
        for member in vars(importlib.import_module(name)).values():
            if inspect.isclass(member) and issubclass(member, Device) and member.RENODE_TYPES:
                classes[member] = None
    return Registry(classes)


_parameters: dict[type[Device], Mapping[str, Parameter]] = {}


def parameters(cls: type[Device]) -> Mapping[str, Parameter]:
    """Keyword parameters of ``cls``'s constructor by name; read once a class."""
    if cls not in _parameters:
        _parameters[cls] = _read_parameters(cls)
    return _parameters[cls]


def _read_parameters(cls: type[Device]) -> Mapping[str, Parameter]:
    found: dict[str, Parameter] = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            annotation = _limited(name, _resolve(parameter.annotation, cls), parameter.default)
            found[name] = Parameter(name, annotation, parameter.default is inspect.Parameter.empty)
    return found


def _limited(name: str, annotation: Any, default: object) -> Any:
    """A whole number has the limits its name has, unless its class gives it others."""
    limits = limits_of(name, default)
    if limits is None:
        return annotation
    if annotation is int:
        return Annotated[int, limits]
    return Annotated[int, limits] | None if annotation == int | None else annotation


def _resolve(annotation: Any, cls: type) -> Any:
    """An annotation that is text (``from __future__ import annotations``) as the object it names."""
    if annotation is inspect.Parameter.empty:
        return Any
    if not isinstance(annotation, str):
        return annotation
    for owner in cls.__mro__:
        try:  # text of our own source; what a module names only for type checkers is one of the devices
            return eval(annotation, {**_device_classes(), **vars(sys.modules[owner.__module__])})
        except (NameError, KeyError):
            continue
    return Any


@functools.cache
def _device_classes() -> Mapping[str, type[Device]]:
    return {each.__name__: each for each in default_registry().classes}
