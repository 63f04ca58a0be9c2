"""Renode's PythonPeripheral: a device whose behaviour is a script, run whole on every access.

The script sees ``request`` (what is asked, and where the answer goes), ``self``, ``size``, and keeps its globals
between accesses. As in Renode there is one ``request`` a device: a script that makes another access to its own device
overwrites it. Differences on purpose: an exception is logged with file and line instead of ending the emulator, and
the fields also answer to the small-letter names that Renode 1.16.0 used.
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path

from sim.engine.devices.base import Device, Services
from sim.engine.devices.script_twin import LARGEST_SCRIPT
from sim.engine.members import Long
from sim.engine.polling.state import values_of
from sim.engine.scripting.compiler import compile_script
from sim.engine.scripting.proxies import DeviceProxy, MachineProxy
from sim.engine.scripting.world import new_scope
from sim.errors import CrosscamError
from sim.reading import plain_bytes

_LIMIT = 1 << 64
_REACHING = re.compile(r"\b(SystemBus|time\.|random|datetime|DateTime|[Cc]ounter\b)")
"""Names of what is not the same at the next read: such a script is run at every one."""
_MASKS = {width: (1 << 8 * width) - 1 for width in (1, 2, 4, 8)}
_FIELDS = ("Counter", "IsInit", "IsRead", "IsUser", "IsWrite", "Length", "Offset", "Type", "Value")


class Request:
    """One access: ``Type`` is READ, WRITE, INIT or USER, the ``Is...`` flags say the same."""

    __slots__ = (*_FIELDS, "Base", "Block")

    def __init__(self) -> None:
        self.Block: object = None
        self.Base = self.Value = self.Length = self.Offset = 0
        self.Counter = -1  # of the first access: 0
        self.set_type("READ")

    @property
    def Absolute(self) -> int:  # noqa: N802 - Renode's name
        """The address on the bus."""
        return self.Base + self.Offset

    def set_type(self, name: str) -> None:
        """Change ``Type`` and the flags that follow from it."""
        self.Type = name
        self.IsRead = name == "READ"
        self.IsWrite = name == "WRITE"
        self.IsInit = name == "INIT"
        self.IsUser = name == "USER"


def _alias(name: str) -> property:
    return property(lambda request: getattr(request, name), lambda request, value: setattr(request, name, value))


for _name in (*_FIELDS, "Absolute"):
    setattr(Request, _name[0].lower() + _name[1:], _alias(_name))


class PythonPeripheral(Device):
    """A scripted device.

    Args:
        size: bytes of its window.
        initable: run the script once with ``IsInit`` before the first access and after each reset.
        script: the script itself; or
        filename: the file it is in. Exactly one of the two.

    Raises:
        CrosscamError: both or none of them, no such file, a syntax error.
    """

    RENODE_TYPES = ("Python.PythonPeripheral",)
    RENODE_MEMBERS = ("ControlRead", "ControlWrite", "EnsureInit", "Code")
    SCRIPT_MEMBERS = ("ControlReadBlock",)

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        size: int,
        initable: bool = False,
        script: str | None = None,
        filename: Path | None = None,
    ) -> None:
        super().__init__(services, name)
        self.size = size
        self._initable = initable
        self._inited = False
        self._reported: set[tuple[str, int, str]] = set()
        self._request = Request()
        if (script is None) == (filename is None):
            raise CrosscamError(f"{name}: expected exactly one of `script` and `filename`")
        self._file = str(filename or f"<script of {name}>")
        if filename is not None:
            try:
                script = plain_bytes(filename, LARGEST_SCRIPT).decode("utf-8")
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else error
                raise CrosscamError(f"{name}: no script at {filename}: {reason}") from None
        machine = MachineProxy(services, self._report)
        scope = new_scope(request=self._request, self=machine.wrap(self), size=size)
        self.code = script or ""
        self._scope, self._given = scope, dict(scope)
        self._script = compile_script(self.code, self._file, scope)
        self._reaches_out = bool(_REACHING.search(self.code))

    @property
    def base_address(self) -> int:
        """Where the device is on the bus: what ``request.Absolute`` counts from."""
        return self._request.Base

    @base_address.setter
    def base_address(self, address: int) -> None:
        self._request.Base = address

    def ensure_init(self) -> None:
        """Run the script's initialisation now unless it has run since the last reset."""
        if not self._inited:
            self._inited = True
            if self._initable:
                request = self._request
                request.set_type("INIT")
                counter, request.Counter = request.Counter, max(0, request.Counter)
                self._run()
                request.Counter = counter

    def read(self, offset: int, width: int) -> int:
        """A bus read; what the script leaves in ``request.Value``, cut to ``width`` bytes."""
        if not self._inited:
            self.ensure_init()
        request = self._request
        if not request.IsRead:
            request.set_type("READ")
        request.Value = 0
        request.Length = width
        request.Offset = offset
        request.Counter += 1
        try:
            self._script()
        except (Exception, SystemExit) as error:
            self._report(error)
        value = request.Value
        if type(value) is not int or not 0 <= value < _LIMIT:
            value = self._answer()
        return value & _MASKS[width]

    def write(self, offset: int, width: int, value: int) -> None:
        """A bus write of ``value``."""
        if not self._inited:
            self.ensure_init()
        request = self._request
        if not request.IsWrite:
            request.set_type("WRITE")
        request.Value = value
        request.Length = width
        request.Offset = offset
        request.Counter += 1
        try:
            self._script()
        except (Exception, SystemExit) as error:
            self._report(error)

    def control_read(self, command: Long, value: Long) -> int:
        """A call from another script or the monitor: Type USER, ``Offset`` is the command; returns ``Value``."""
        if not self._inited:
            self.ensure_init()
        request = self._request
        if not request.IsUser:
            request.set_type("USER")
        request.Offset = command
        request.Value = value
        request.Length = 8
        self._run()
        return self._answer()

    def control_read_block(self, command: int) -> bytes | bytearray:
        """As ``control_read``, for more than 8 bytes: what the script leaves in ``request.Block``. Not in Renode."""
        self._request.Block = b""
        self.control_read(command, 0)
        block, self._request.Block = self._request.Block, None
        if isinstance(block, bytes | bytearray):
            return block
        self._report(TypeError(f"request.Block is {block!r}: expected bytes"))
        return b""

    def control_write(self, command: Long, value: Long) -> None:
        """As ``control_read``, without an answer."""
        self.control_read(command, value)

    def poll_state(self) -> list[object] | None:
        """The script's globals; None where it may ask for more than its request says (the time, other devices)."""
        own = [value for name, value in self._scope.items() if value is not self._given.get(name)]
        if self._reaches_out or any(isinstance(value, DeviceProxy) for value in own):
            return None
        return values_of(own)

    def polled(self, times: int) -> None:
        """So many reads were not made."""
        self._request.Counter += times

    def reset(self) -> None:
        """Initialise again; globals of the script stay, as in Renode."""
        self._inited = False
        self.ensure_init()

    def _run(self) -> None:
        try:
            self._script()
        except (Exception, SystemExit) as error:
            self._report(error)

    def _answer(self) -> int:
        value = self._request.Value
        if type(value) is int and 0 <= value < _LIMIT:
            return value
        self._report(TypeError(f"request.Value is {value!r}: expected an integer from 0 to 2**64 - 1"))
        return int(value) % _LIMIT if isinstance(value, int | float) else 0

    def _report(self, error: BaseException) -> None:
        """Log where in the script it happened; the same again only for those who debug."""
        line = 0
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename == self._file:
                line = frame.lineno or 0
        key = (self._file, line, str(error))
        where = f"{self._file}:{line}" if line else self._file
        write = self.log.debug if key in self._reported else self.log.error
        write("%s: %s: %s", where, type(error).__name__, error)
        self._reported.add(key)
