"""What a script may import: small in-memory stand-ins for the .NET and Renode modules, and Python's own library.

They exist only for scripts: a custom ``__import__`` in the script's builtins finds them, ``sys.modules`` never does.
"""

# ruff: noqa: N802 - the names are .NET's

from __future__ import annotations

import builtins
import enum
import functools
import importlib
import logging
import os
import sys
import time
from _compat_pickle import IMPORT_MAPPING
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from sim.engine.scripting.compiler import FUNCTION
from sim.engine.scripting.dialect import NAMES, inspectors
from sim.engine.scripting.timeinterval import TimeInterval, TimeStamp

NOISY = 5
"""Python's level for Renode's LogLevel.Noisy."""


class LogLevel(enum.IntEnum):
    """Renode's log levels, as Python's ``logging`` numbers them."""

    Noisy = NOISY
    Debug = logging.DEBUG
    Info = logging.INFO
    Warning = logging.WARNING
    Error = logging.ERROR


class Access(enum.IntFlag):
    """Renode's kinds of accesses."""

    Read = 1
    Write = 2
    ReadAndWrite = 3


class SysbusAccessWidth(enum.IntFlag):
    """Renode's widths of accesses, in bytes."""

    Byte = 1
    Word = 2
    DoubleWord = 4
    QuadWord = 8


class ByteArray(bytes):
    """``byte[]`` as a script sees it."""

    @property
    def Length(self) -> int:
        return len(self)


class _Array:
    """``System.Array``; the element type only says how to make the items."""

    def __getitem__(self, element: Any) -> Any:
        return ByteArray if element is _Byte else list

    @staticmethod
    def CreateInstance(element: Any, length: int) -> bytearray | list[int]:
        return bytearray(length) if element is _Byte else [0] * length


class _Byte(int):
    """``System.Byte``."""

    def __new__(cls, value: int = 0) -> _Byte:
        return super().__new__(cls, value)


class WorkingDirectory:
    """Where relative paths of scripts start: the process' own folder until a script names another.

    Renode changes the folder of its whole process; here it belongs to the scripts alone, so that the paths a user
    typed keep their meaning.
    """

    def __init__(self) -> None:
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The folder, absolute."""
        return self._path or Path.cwd()

    def change(self, path: str) -> None:
        """``path`` is the folder from now on; FileNotFoundError when it is none."""
        target = self.resolve(path)
        if not target.is_dir():
            raise FileNotFoundError(f"no folder {target}")
        self._path = target

    def resolve(self, path: str) -> Path:
        """``path`` made absolute."""
        return Path(os.path.normpath(self.path / path))


def _io(directory: WorkingDirectory) -> dict[str, SimpleNamespace]:
    """``System.IO``: File, Directory and Path."""
    resolve = directory.resolve
    return {
        "File": SimpleNamespace(
            ReadAllBytes=lambda path: ByteArray(resolve(path).read_bytes()),
            ReadAllText=lambda path: resolve(path).read_text(encoding="utf-8"),
            ReadAllLines=lambda path: resolve(path).read_text(encoding="utf-8").splitlines(),
            Exists=lambda path: resolve(path).is_file(),
        ),
        "Directory": SimpleNamespace(
            Exists=lambda path: resolve(path).is_dir(),
            GetFiles=lambda path: [str(entry) for entry in resolve(path).iterdir() if entry.is_file()],
            GetCurrentDirectory=lambda: str(directory.path),
            SetCurrentDirectory=directory.change,
        ),
        "Path": SimpleNamespace(
            Combine=lambda *parts: str(Path(*parts)),
            GetFullPath=lambda path: str(resolve(path)),
            GetDirectoryName=lambda path: str(Path(path).parent),
            GetFileName=lambda path: Path(path).name,
        ),
    }


class _Environment:
    """``System.Environment``."""

    @staticmethod
    def GetEnvironmentVariable(name: str) -> str | None:
        return os.environ.get(name)

    @staticmethod
    def SetEnvironmentVariable(name: str, value: str | None) -> None:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


class _Extensions:
    """What ``clr.ImportExtensions`` is given: here devices have those methods anyway."""


class SpiPeripheral:
    """``ISPIPeripheral``: what a script derives a class from that plays a part on an SPI bus (``spi_target.py``)."""


class _NullRegistrationPoint:
    """``NullRegistrationPoint``: the place of the one part that a controller has."""

    Instance = None


class _Logger:
    """``Antmicro.Renode.Logging.Logger``."""

    @staticmethod
    def Log(level: int, message: object, *args: object) -> None:
        logging.getLogger("sim").log(int(level), "%s", format_message(message, args))


def format_message(message: object, args: Sequence[object]) -> str:
    """.NET's ``String.Format``: ``{0}``, ``{1:X}``; without arguments the text as it is."""
    return str(message).format(*args) if args else str(message)


def _module(name: str, **members: Any) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(members)
    return module


def _clr() -> ModuleType:
    def accept(*_: object) -> None:
        """There is nothing to load: the stand-ins are here already."""

    return _module("clr", AddReference=accept, ImportExtensions=accept)


def _modules(directory: WorkingDirectory) -> dict[str, ModuleType]:
    """Dotted name -> module; parents hold their children as attributes."""
    integers = dict.fromkeys(("SByte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"), int)
    console = SimpleNamespace(WriteLine=lambda *text: print(*text), Write=lambda *text: print(*text, end=""))
    found = {
        "System": _module(
            "System",
            Array=_Array(),
            Byte=_Byte,
            String=str,
            Boolean=bool,
            Double=float,
            Environment=_Environment,
            Console=console,
            **integers,
        ),
        "System.IO": _module("System.IO", **_io(directory)),
        "Antmicro": _module("Antmicro"),
        "Antmicro.Renode": _module("Antmicro.Renode"),
        "Antmicro.Renode.Time": _module("Antmicro.Renode.Time", TimeInterval=TimeInterval, TimeStamp=TimeStamp),
        "Antmicro.Renode.Logging": _module("Antmicro.Renode.Logging", LogLevel=LogLevel, Logger=_Logger),
        "Antmicro.Renode.Core": _module("Antmicro.Renode.Core"),
        "Antmicro.Renode.Core.Structure": _module(
            "Antmicro.Renode.Core.Structure", NullRegistrationPoint=_NullRegistrationPoint
        ),
        "Antmicro.Renode.Peripherals": _module("Antmicro.Renode.Peripherals", IPeripheralExtensions=_Extensions),
        "Antmicro.Renode.Peripherals.Bus": _module(
            "Antmicro.Renode.Peripherals.Bus", Access=Access, SysbusAccessWidth=SysbusAccessWidth
        ),
        "Antmicro.Renode.Peripherals.SPI": _module("Antmicro.Renode.Peripherals.SPI", ISPIPeripheral=SpiPeripheral),
        "clr": _clr(),
    }
    for name, module in found.items():
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(found[parent], last, module)
    return found


def _import_library(name: str, *context: Any) -> ModuleType:
    """Python's own library; modules that Python 3 has renamed are also found by the name they had in Python 2."""
    try:
        return builtins.__import__(name, *context)
    except ModuleNotFoundError as error:
        if error.name != name or name not in IMPORT_MAPPING:
            raise
        return importlib.import_module(IMPORT_MAPPING[name])


class _Importer:
    """``__import__`` for one script."""

    def __init__(self, modules: Mapping[str, ModuleType]) -> None:
        self._modules = modules
        self._found: dict[tuple[str, Sequence[str] | None], ModuleType] = {}

    def __call__(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """A script imports at each access; what it got before it gets again."""
        found = self._found.get((name, fromlist))
        if found is None:
            found = self._found[name, fromlist] = self._import(name, globals, locals, fromlist, level)
        return found

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        root = name.partition(".")[0]
        if root not in self._modules:
            return _import_library(name, globals, locals, fromlist or (), level)
        module: Any = self._modules.get(name)
        if module is None:
            owner, _, member = name.rpartition(".")  # .NET types may be imported as modules are
            module = getattr(self._modules.get(owner), member, None)
        if module is None:
            raise ImportError(f"no module {name} here; there are {', '.join(sorted(self._modules))}")
        for wanted in fromlist or ():
            if wanted != "*" and not hasattr(module, wanted):
                offered = ", ".join(member for member in sorted(vars(module)) if not member.startswith("_"))
                raise ImportError(f"{name} has no {wanted} here; it has {offered or 'nothing'}")
        found: ModuleType = module if fromlist else self._modules[root]
        return found


def new_scope(directory: WorkingDirectory | None = None, **variables: Any) -> dict[str, Any]:
    """Globals for one script: Python 2's names, the importer, what Renode imports for it, and ``variables``."""
    modules = _modules(directory or WorkingDirectory())
    names = {**vars(builtins), "__import__": _Importer(modules), "reduce": functools.reduce, **NAMES}
    scope = {
        "__builtins__": names,
        "__name__": "__main__",
        "System": modules["System"],
        "Antmicro": modules["Antmicro"],
        "clr": modules["clr"],
        "sys": sys,
        "time": time,
        "LogLevel": LogLevel,
        **variables,
    }
    names.update(inspectors(scope, FUNCTION))
    return scope
