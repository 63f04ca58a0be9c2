"""What a client's packets ask, answered by a debuggee (GDB manual E.2 to E.4)."""

from __future__ import annotations

import re
from collections.abc import Callable

from sim.engine.observe.gdb import registers
from sim.engine.observe.gdb.debuggee import Debuggee, Interrupted, Points, Stop, Watch
from sim.engine.observe.gdb.flash import FlashWriter
from sim.engine.observe.gdb.packets import LARGEST
from sim.engine.observe.gdb.queries import Queries
from sim.engine.observe.gdb.wire import BAD, FAILED, OK, hexadecimal, number, refusal
from sim.errors import CrosscamError

LARGEST_READ = LARGEST // 2 - 8
"""Bytes of memory that fit one answer as digits."""
MOST_WATCHED, MOST_POINTS = 4096, 1000
"""Bytes of a watchpoint, and breakpoints and watchpoints together."""
_WATCHES = {2: "watch", 3: "rwatch", 4: "awatch"}
_STEPS = {"s", "S", "r"}
_SPEAKING = (b"qRcmd", b"vCont;", b"c", b"C", b"s", b"S", b"b")
_VCONT_ACTION = re.compile(r"([cCsSr])([0-9a-fA-F]{0,16}(?:,[0-9a-fA-F]{1,16})?)(?::([-0-9a-fA-F.p]+))?")


class Stub:
    """One session: ``answer`` each packet in turn.

    Args:
        debuggee: what is debugged.
        interrupted: asked while it runs; True when the client, or whoever ends the server, wants it to stand.
        say: shows text on the client's console; only while a packet is being answered.

    Attributes:
        acknowledged: packets are acknowledged, which they are until the client says otherwise.
        detached: the client has left, and wants the machine to run on.
        ended: the client has left.
    """

    def __init__(self, debuggee: Debuggee, interrupted: Interrupted, say: Callable[[str], None]) -> None:
        self._debuggee, self._interrupted, self._show = debuggee, interrupted, say
        self._may_speak = False
        self.acknowledged = True
        self.detached = self.ended = False
        self._features = debuggee.features()
        self._queries = Queries(debuggee, self._features, interrupted, self._say)
        self._registers = {each.number: each for each in registers.described(self._features.floats)}
        self._flash = FlashWriter(debuggee, self._features.areas)
        self._points: dict[tuple[int, int, int], None] = {}  # kind, address, length
        self._selected = 0  # 0: whichever runs
        self._last = Stop()
        debuggee.set_points(Points())
        self._commands: dict[str, Callable[[bytes], bytes]] = {
            "?": lambda rest: self._stopped(self._last),
            "g": self._read_all,
            "G": self._write_all,
            "p": self._read_one,
            "P": self._write_one,
            "m": self._read_memory,
            "M": self._write_digits,
            "X": self._write_binary,
            "c": self._continue,
            "C": lambda rest: self._continue(rest.partition(b";")[2]),
            "s": self._step,
            "S": lambda rest: self._step(rest.partition(b";")[2]),
            "b": self._backwards,
            "Z": self._insert,
            "z": self._remove,
            "H": self._select,
            "T": self._is_alive,
            "D": self._detach,
            "k": self._kill,
            "v": self._named,
            "q": self._queries.query,
            "Q": self._set,
            "!": lambda rest: b"",
        }

    def answer(self, data: bytes) -> bytes:
        """The answer to one packet's data; empty: it is not known. Never raises for what a client may send."""
        command = self._commands.get(chr(data[0])) if data else None
        if command is None:
            return b""
        self._may_speak = data.startswith(_SPEAKING)
        try:
            return command(data[1:])
        except CrosscamError as error:
            self._say(f"{error}\n")
            return FAILED
        except ValueError:
            return BAD

    def _say(self, text: str) -> None:
        """Elsewhere a client takes what is said for the answer."""
        if self._may_speak:
            self._show(text)

    # Registers

    def _values(self) -> dict[str, int]:
        for context in self._debuggee.contexts() if self._selected else ():
            if context.number == self._selected and context.registers is not None:
                return context.registers
        return self._debuggee.registers()

    def _read_all(self, rest: bytes) -> bytes:
        values = self._values()
        return b"".join(each.encoded(values) for each in self._registers.values())

    def _write_all(self, rest: bytes) -> bytes:
        old, place = self._debuggee.registers(), 0
        if len(rest) != sum(each.bits // 4 for each in self._registers.values()):
            return BAD
        for each in self._registers.values():
            digits = rest[place : place + each.bits // 4]
            place += len(digits)
            if digits != each.unknown and digits.lower() != each.encoded(old):
                self._debuggee.write_register(each.name, int.from_bytes(hexadecimal(digits), "little"))
        return OK

    def _read_one(self, rest: bytes) -> bytes:
        register = self._registers.get(number(rest))
        return BAD if register is None else register.encoded(self._values())

    def _write_one(self, rest: bytes) -> bytes:
        which, _, digits = rest.partition(b"=")
        register = self._registers.get(number(which))
        value = hexadecimal(digits)
        if register is None or len(value) != register.bits // 8:
            return BAD
        self._debuggee.write_register(register.name, int.from_bytes(value, "little"))
        return OK

    # Memory

    def _read_memory(self, rest: bytes) -> bytes:
        address, count = map(number, _two(rest))
        found = self._debuggee.read_memory(address, min(count, LARGEST_READ))
        return found.hex().encode() if found or not count else FAILED

    def _write_digits(self, rest: bytes) -> bytes:
        place, _, digits = rest.partition(b":")
        return self._write(place, hexadecimal(digits))

    def _write_binary(self, rest: bytes) -> bytes:
        place, _, data = rest.partition(b":")
        return self._write(place, data)

    def _write(self, place: bytes, data: bytes) -> bytes:
        address, count = map(number, _two(place))
        if count != len(data):
            return BAD
        return OK if not data or self._debuggee.write_memory(address, data) else FAILED

    # Running

    def _continue(self, rest: bytes) -> bytes:
        self._start_at(rest)
        return self._stopped(self._debuggee.resume(self._interrupted))

    def _step(self, rest: bytes) -> bytes:
        self._start_at(rest)
        return self._stopped(self._debuggee.step(0, 0, self._interrupted))

    def _start_at(self, digits: bytes) -> None:
        if digits:
            self._debuggee.write_register("pc", number(digits))

    def _backwards(self, rest: bytes) -> bytes:
        moves = {b"s": self._debuggee.step_back, b"c": self._debuggee.back}
        if not self._features.reverse or rest not in moves:
            return b""
        return self._stopped(moves[rest](self._interrupted))

    def _named(self, rest: bytes) -> bytes:
        name, _, arguments = rest.partition(b";")
        if name == b"Cont?":
            return b"vCont;c;C;s;S;r"
        if name == b"Cont":
            return self._vcont(arguments.decode("ascii", "replace"))
        if name == b"MustReplyEmpty":
            return b""
        return self._flash.answer(rest)

    def _vcont(self, text: str) -> bytes:
        """There is one core: a step of any thread is its step, and all others go with it."""
        actions = [_VCONT_ACTION.fullmatch(each) for each in text.split(";")]
        if not all(actions):
            return BAD
        for action in actions:
            if action is not None and action[1] in _STEPS:
                first, end = map(number, _two(action[2].encode())) if action[1] == "r" else (0, 0)
                return self._stopped(self._debuggee.step(first, end, self._interrupted))
        return self._stopped(self._debuggee.resume(self._interrupted))

    def _stopped(self, stop: Stop) -> bytes:
        self._last = stop
        self._selected = 0
        if stop.text:
            self._say(f"{stop.text}\n")
        if stop.kind == "exited":
            return b"W%02x" % (stop.value & 0xFF)
        running = self._debuggee.contexts()[0].number
        reply = f"T{stop.signal:02x}thread:{running:x};"
        if stop.kind.endswith("watch"):
            reply += f"{stop.kind}:{stop.value:x};"
        elif stop.kind == "replaylog":
            reply += "replaylog:begin;"
        elif stop.kind and stop.kind in self._queries.understood:
            reply += f"{stop.kind}:;"
        return reply.encode()

    # Breakpoints and watchpoints

    def _insert(self, rest: bytes) -> bytes:
        return self._change_points(rest, insert=True)

    def _remove(self, rest: bytes) -> bytes:
        return self._change_points(rest, insert=False)

    def _change_points(self, rest: bytes, insert: bool) -> bytes:
        kind, address, length = map(number, rest.split(b";")[0].split(b","))
        if not 0 <= kind <= 4:
            return b""
        if kind >= 2 and not 1 <= length <= MOST_WATCHED:
            return refusal(f"a watchpoint of {length} bytes: expected 1 to {MOST_WATCHED}", self._say)
        point = (kind, address & ~1 if kind < 2 else address, 0 if kind < 2 else length)
        if insert and point not in self._points and len(self._points) >= MOST_POINTS:
            return refusal(f"more than {MOST_POINTS} breakpoints and watchpoints", self._say)
        if insert:
            self._points[point] = None
        else:
            self._points.pop(point, None)
        self._debuggee.set_points(
            Points(
                frozenset(place for kind, place, _ in self._points if kind < 2),
                frozenset(Watch(place, size, _WATCHES[kind]) for kind, place, size in self._points if kind >= 2),
            )
        )
        return OK

    # Threads and the session itself

    def _select(self, rest: bytes) -> bytes:
        operation, thread = rest[:1], rest[1:]
        if thread in (b"-1", b"0", b""):
            self._selected = 0
        elif operation == b"g":
            self._selected = number(thread)
            if self._is_alive(thread) != OK:
                self._selected = 0
                return BAD
        return OK

    def _is_alive(self, rest: bytes) -> bytes:
        thread = number(rest)
        return OK if any(context.number == thread for context in self._debuggee.contexts()) else BAD

    def _detach(self, rest: bytes) -> bytes:
        self.detached = self.ended = True
        return OK

    def _kill(self, rest: bytes) -> bytes:
        self.ended = True
        return b""

    def _set(self, rest: bytes) -> bytes:
        if rest == b"StartNoAckMode":
            self.acknowledged = False
            return OK
        return b""


def _two(digits: bytes) -> tuple[bytes, bytes]:
    first, comma, second = digits.partition(b",")
    if not comma:
        raise ValueError("expected two numbers")
    return first, second
