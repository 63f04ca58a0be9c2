"""Links to a console: a pseudo terminal and a socket with somebody at their other end, and what goes wrong."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.link.flash import flash, flasher
from sim.link.links import BoardLink, Link, LinkLostError, SerialLink, open_link
from sim.link.monitor import Limits, Monitor

LINE = b"cat:   +1, dog:   -2 | Duration: 1 ms | Cycles: 1000 | Frame: 1\r\n"


@pytest.fixture
def terminal() -> Iterator[tuple[int, SerialLink]]:
    """The board's end of a pseudo terminal, and a link to the other."""
    master, slave = os.openpty()
    link = SerialLink(os.ttyname(slave), 115200)
    os.close(slave)
    yield master, link
    link.close()
    os.close(master)


def test_a_serial_port_gives_and_takes(terminal: tuple[int, SerialLink]) -> None:
    board, link = terminal
    assert link.read(0.01) == b""
    os.write(board, b"hello")
    assert link.read(5) == b"hello"
    link.write(b"h\r")
    assert os.read(board, 10) == b"h\r"
    link.set_baud(921600)
    started = time.monotonic()
    assert link.read(0.2) == b""
    assert 0.15 < time.monotonic() - started < 20


class Server(threading.Thread):
    """Sends ``content`` to one client in pieces, then hangs up."""

    def __init__(self, *content: bytes) -> None:
        super().__init__(daemon=True)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._content = content
        self.got = b""
        self.place = f"socket://127.0.0.1:{self._socket.getsockname()[1]}"

    def run(self) -> None:
        client, _ = self._socket.accept()
        client.settimeout(5)
        with client, self._socket:
            for each in self._content:
                client.sendall(each)
                if each.endswith(b"?"):
                    self.got += client.recv(100)


def monitored(link: Link, limits: Limits, first: bytes = b"") -> tuple[Monitor, list[str], bytes]:
    lines: list[str] = []
    kept = bytearray()
    monitor = Monitor(link, lines.append, kept.extend)
    monitor.run(limits, first)
    return monitor, lines, bytes(kept)


def test_the_monitor_shows_lines_and_keeps_bytes() -> None:
    server = Server(b"\xff\x1b[2Jnoise\r\n", LINE[:20], LINE[20:], b"more?")
    server.start()
    link = open_link(server.place, 115200)
    monitor, lines, kept = monitored(link, Limits(seconds=5, frames=1), b"i\r")
    assert monitor.frames == 1
    assert [line[14:] for line in lines[:2]] == [r" \xff\x1b[2Jnoise", " " + LINE.decode().rstrip()]
    assert lines[0].startswith("[ ") and float(lines[0][1:13]) < 5
    assert kept.startswith(b"\xff\x1b[2Jnoise\r\n" + LINE)
    link.close()
    server.join(5)


def test_what_is_typed_first_is_sent_once_the_board_speaks() -> None:
    server = Server(b"ready?", b"done\r\n")
    server.start()
    link = open_link(server.place, 115200)
    monitor, lines, _ = monitored(link, Limits(seconds=5, until="done"), b"i\r")
    assert monitor.found
    assert server.got == b"i\r"
    assert lines[-1].endswith("ready?done")
    link.close()


def test_a_board_that_goes_is_told() -> None:
    server = Server(b"hello\r\n")
    server.start()
    link = open_link(server.place, 115200)
    with pytest.raises(LinkLostError, match="the board has gone"):
        monitored(link, Limits(seconds=5))


def test_silence_ends_at_the_limit(terminal: tuple[int, SerialLink]) -> None:
    board, link = terminal
    os.write(board, b"prompt>")
    started = time.monotonic()
    monitor, lines, _ = monitored(link, Limits(seconds=0.3, frames=1))
    assert time.monotonic() - started < 20
    assert [line[-7:] for line in lines] == ["prompt>"]
    assert monitor.frames == 0


@pytest.mark.parametrize(
    "place",
    [
        "/dev/none",
        "socket://127.0.0.1:1",
        "socket://x",
        "socket://127.0.0.1:99999",
        "spy:///dev/null",
        "alt://x",
        "",
        "sim",
    ],
)
def test_no_link(place: str) -> None:
    with pytest.raises(CrosscamError, match=r"cannot open|no link|no firmware"):
        open_link(place, 115200)


class Board:
    """Says ``x`` every 20 ms of its time."""

    def __init__(self) -> None:
        self.uart_log = bytearray()
        self.seconds = 0.0
        self.typed = b""

    def run_for(self, seconds: float) -> None:
        self.seconds += float(seconds)
        self.uart_log += b"x" * (round(self.seconds * 100) % 2 == 0)

    def type_bytes(self, data: bytes) -> None:
        self.typed += data

    def close(self) -> None:
        self.seconds = -1


def test_a_simulated_board_runs_while_it_is_listened_to() -> None:
    board = Board()
    link = BoardLink(board, 115200)  # type: ignore[arg-type]
    assert link.read(1) == b"x"
    assert link.seconds == pytest.approx(0.02)
    assert link.read(0.01) == b""
    link.write(b"p\r")
    assert board.typed == b"p\r"
    link.close()
    assert board.seconds == -1


def which(*installed: str) -> object:
    return lambda name: f"/usr/bin/{name}" if name in installed else None


def test_the_command_that_flashes(elf_file: Path) -> None:
    assert str(flasher(elf_file, "stm32h743zi", which=which("pyocd", "openocd"))).startswith("pyocd flash --target")  # type: ignore[arg-type]
    made = flasher(elf_file, "STM32F746NG", which=which())  # type: ignore[arg-type]
    assert (made.tool, made.installed) == ("openocd", False)
    assert "target/stm32f7x.cfg" in made.command
    assert made.command[-1] == f"program {{{elf_file}}} verify reset exit"
    for chip, tool, complaint in (("z80", None, "no chip"), ("a;b", "pyocd", "no chip"), ("stm32f7", "jlink", "tool")):
        with pytest.raises(CrosscamError, match=complaint):
            flasher(elf_file, chip, tool)


@pytest.fixture
def elf_file(tmp_path: Path) -> Path:
    from sim.tests.test_elf_parts import image

    path = tmp_path / "a firmware.elf"
    path.write_bytes(image())
    return path


@pytest.mark.parametrize(("script", "complaint"), [("exit 3", "status 3"), ("sleep 60", "within"), (None, "cannot be")])
def test_a_flasher_that_fails(
    elf_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, complaint: str
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    if script is not None:
        (tmp_path / "openocd").write_text(
            f"#!/bin/sh\nexec {script}\n" if "sleep" in script else f"#!/bin/sh\n{script}\n"
        )
        (tmp_path / "openocd").chmod(0o755)
    with pytest.raises(CrosscamError, match=complaint):
        flash(flasher(elf_file, "stm32h743", "openocd"), seconds=0.5)
