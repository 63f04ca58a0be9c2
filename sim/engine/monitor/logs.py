"""Where the log goes besides the console: the last entries in memory, files, a TCP port."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
from collections import deque
from datetime import datetime
from pathlib import Path

from sim.engine.monitor.uart_files import free_path
from sim.errors import CrosscamError

KEPT = 1000
"""Entries ``lastLog`` can show, as many as Renode's."""
_SEND_SECONDS = 1.0
_LEVELS = {logging.WARNING: "WARNING", logging.ERROR: "ERROR", logging.INFO: "INFO", logging.DEBUG: "DEBUG"}


class _Lines(logging.Formatter):
    """``12:34:56.1234 [INFO] usart3: text``."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created).strftime("%H:%M:%S.%f")[:-2]
        level = _LEVELS.get(record.levelno, "NOISY")
        return f"{time} [{level}] {record.name.removeprefix('sim.')}: {record.getMessage()}"


class _Recent(logging.Handler):
    """The last entries."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class _Network(logging.Handler):
    """Sends each entry to whoever is connected to a port of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.setblocking(False)
        self._clients: list[socket.socket] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._accept()
        line = (self.format(record) + "\r\n").encode("ascii", "replace")
        for client in list(self._clients):
            try:
                client.sendall(line)
            except OSError:
                self._clients.remove(client)
                client.close()

    def _accept(self) -> None:
        while select.select([self._server], [], [], 0)[0]:
            client, _ = self._server.accept()
            client.settimeout(_SEND_SECONDS)
            self._clients.append(client)

    def close(self) -> None:
        """Hang up."""
        for each in (*self._clients, self._server):
            with contextlib.suppress(OSError):
                each.close()
        self._clients.clear()
        super().close()


_RECENT = _Recent()
"""One for all monitors, of which the newest counts: nobody has to close it."""


class LogOutputs:
    """The outputs one monitor has opened; ``close`` when done with files and ports."""

    def __init__(self) -> None:
        self._handlers: list[logging.Handler] = []
        _RECENT.lines.clear()
        _RECENT.setFormatter(_Lines())
        logging.getLogger("sim").addHandler(_RECENT)

    def _add(self, handler: logging.Handler) -> None:
        handler.setFormatter(_Lines())
        self._handlers.append(handler)
        logging.getLogger("sim").addHandler(handler)

    def last(self, count: int) -> list[str]:
        """The last ``count`` entries, oldest first."""
        return list(_RECENT.lines)[-count:] if count > 0 else []

    def to_file(self, path: Path) -> Path:
        """From now on also into ``path``, or ``path`` with a number behind it when that exists; returns which."""
        free = free_path(path)
        try:
            self._add(logging.FileHandler(free, encoding="utf-8"))
        except OSError as error:
            raise CrosscamError(f"logFile {free}: {error.strerror}: expected a folder that can be written") from None
        return free

    def to_network(self, port: int) -> None:
        """From now on also to those connected to TCP ``port`` of this machine."""
        try:
            self._add(_Network(port))
        except (OSError, OverflowError) as error:
            raise CrosscamError(f"logNetwork {port}: {error}: expected a free port, 1 to 65535") from None

    def close(self) -> None:
        """Stop all of them."""
        for handler in self._handlers:
            logging.getLogger("sim").removeHandler(handler)
            handler.close()
        self._handlers.clear()
