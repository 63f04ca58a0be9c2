"""A machine in a process of its own: asked over a pipe, copied by ``fork``."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any, NoReturn, Protocol

from sim.errors import CrosscamError

INTERRUPT = "interrupt"
_FORK, _SAID = "fork", "said"
_LOOK_SECONDS = 0.02
_DONE, _REFUSED, _CRASHED, _EVENT = "done", "refused", "crashed", "event"

Event = tuple[Any, ...]


class Worker(Protocol):
    """What a process does: ``perform`` each request, telling events by ``emit`` meanwhile."""

    emit: Callable[[Event], None]
    asked: Callable[[], Event | None]
    """What the other side has said during a request, if anything."""

    def begin(self) -> None:
        """It is in a process of its own now."""

    def hear_late(self, said: Event) -> None:
        """The other side has said this during a request that has been answered."""

    def perform(self, name: str, arguments: tuple[Any, ...]) -> object:
        """One request; CrosscamError when it is refused."""


class Process:
    """The side of a process that asks. ``heard`` gets events."""

    def __init__(self, connection: Connection[Any, Any], number: int, heard: Callable[[Event], None]) -> None:
        self._connection, self._number, self._heard = connection, number, heard

    def ask(self, name: str, *arguments: object, meanwhile: Callable[[], Event | None] | None = None) -> Any:
        """What the process answers. ``meanwhile`` is asked again and again what to tell it before that.

        Raises:
            CrosscamError: it refused.
        """
        try:
            self._connection.send((name, arguments))
            while True:
                while not self._connection.poll(_LOOK_SECONDS):
                    said = meanwhile() if meanwhile is not None else None
                    if said is not None:
                        self._connection.send((_SAID, said))
                kind, value = self._connection.recv()
                if kind == _EVENT:
                    self._heard(value)
                elif kind == _REFUSED:
                    raise CrosscamError(value)
                elif kind == _CRASHED:
                    raise RuntimeError(value)
                else:
                    return value
        except (EOFError, OSError) as error:
            raise RuntimeError(f"the process of the machine has died ({type(error).__name__})") from error

    def fork(self) -> Process:
        """A copy of it."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._connection.send((_FORK, ()))
            send_handle(self._connection, theirs.fileno(), self._number)
            kind, number = self._connection.recv()
        if kind != _DONE:
            ours.close()
            raise CrosscamError(f"no copy of the machine can be made: {number}")
        return Process(Connection(ours.detach()), number, self._heard)

    def close(self) -> None:
        """End it."""
        self._connection.close()
        with contextlib.suppress(ChildProcessError):  # it is the child of another one, or gone
            os.waitpid(self._number, os.WNOHANG)


def start(worker: Worker, heard: Callable[[Event], None]) -> Process:
    """A process that is a copy of this one, with ``worker`` in it."""
    ours, theirs = socket.socketpair()
    gc.freeze()  # what is there now will stay: looking for garbage in it would copy its pages
    number = os.fork()
    if number == 0:
        ours.close()
        _serve(Connection(theirs.detach()), worker)
    theirs.close()
    gc.unfreeze()
    return Process(Connection(ours.detach()), number, heard)


def _serve(connection: Connection[Any, Any], worker: Worker) -> NoReturn:
    """Answer until the other side closes; never returns."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks decides what Ctrl-C means
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a copy
        worker.begin()
        while True:
            name, arguments = connection.recv()
            if name == _FORK:
                connection = _copy(connection)
            elif name == _SAID:
                worker.hear_late(arguments)
            else:
                _use(worker, connection)
                connection.send(_answer(worker, name, arguments))
    except (EOFError, OSError):
        pass
    finally:
        os._exit(0)


def _use(worker: Worker, connection: Connection[Any, Any]) -> None:
    worker.emit = lambda event: connection.send((_EVENT, event))
    worker.asked = lambda: connection.recv()[1] if connection.poll(0) else None


def _copy(connection: Connection[Any, Any]) -> Connection[Any, Any]:
    """The connection to go on with: the copy has one of its own."""
    handle = recv_handle(connection)
    gc.freeze()
    try:
        number = os.fork()
    except OSError as error:
        os.close(handle)
        connection.send((_REFUSED, error.strerror))
        return connection
    if number == 0:
        connection.close()
        return Connection(handle)
    os.close(handle)
    connection.send((_DONE, number))
    return connection


def _answer(worker: Worker, name: str, arguments: tuple[Any, ...]) -> tuple[str, object]:
    try:
        return _DONE, worker.perform(name, arguments)
    except CrosscamError as error:
        return _REFUSED, str(error)
    except Exception:
        return _CRASHED, traceback.format_exc()
