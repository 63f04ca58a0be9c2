from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.uart_ports import TcpPort, open_port


def _received(port: TcpPort, wanted: bytes) -> bytes:
    got = b""
    deadline = time.monotonic() + 5
    while got != wanted and time.monotonic() < deadline:
        got += port.receive()
    return got


def test_a_file_appears_whole_when_closed(tmp_path: Path) -> None:
    path = tmp_path / "uart.log"
    port = open_port(str(path))
    for byte in b"hello\r\n":
        port.send(byte)
    assert not path.exists()
    assert port.receive() == b""
    port.close()
    assert path.read_bytes() == b"hello\r\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="cannot write the UART log"):
        open_port(str(tmp_path / "missing" / "uart.log"))


def test_tcp_serves_loopback_both_ways_and_survives_a_hang_up() -> None:
    port = open_port("tcp:0")
    assert isinstance(port, TcpPort)
    address = port.description.removeprefix("tcp://")
    host, number = address.split(":")
    assert host == "127.0.0.1"
    with socket.create_connection((host, int(number)), timeout=5) as client:
        client.sendall(b"h\r")
        assert _received(port, b"h\r") == b"h\r"
        port.send(0x41)
        assert client.recv(1) == b"A"
    deadline = time.monotonic() + 5
    while port.client_count and time.monotonic() < deadline:
        port.receive()
        port.send(0x42)
    assert port.client_count == 0
    port.close()


@pytest.mark.parametrize("spelling", ["tcp:", "tcp:x", "tcp:70000", "tcp:-1", "tcp:\u0663", "tcp:" + "9" * 5000])
def test_a_bad_port_number_is_refused(spelling: str) -> None:
    with pytest.raises(CrosscamError, match="0 to 65535"):
        open_port(spelling)


def test_a_taken_port_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CrosscamError, match="cannot listen"):
            open_port(f"tcp:{other.getsockname()[1]}")


def test_a_pseudo_terminal_carries_bytes_both_ways() -> None:
    port = open_port("pty")
    terminal = os.open(port.description, os.O_RDWR | os.O_NOCTTY)
    try:
        port.send(0x41)
        assert os.read(terminal, 1) == b"A"
        os.write(terminal, b"x\r")
        typed = b""
        deadline = time.monotonic() + 5
        while typed != b"x\r" and time.monotonic() < deadline:
            typed += port.receive()
        assert typed == b"x\r"
    finally:
        os.close(terminal)
        port.close()


def test_a_pseudo_terminal_nobody_reads_never_blocks() -> None:
    port = open_port("pty")
    for _ in range(100_000):
        port.send(0x41)
    port.close()


@pytest.mark.parametrize("spelling", ["bogus:", "ptty:x", "http://127.0.0.1", ""])
def test_a_form_that_does_not_exist_is_answered_by_those_that_do(spelling: str, tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"expected pty, tcp:PORT, .* or the name of a file"):
        open_port(spelling)


def test_a_file_may_have_a_colon_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_port("./bogus:").close()
    assert (tmp_path / "bogus:").is_file()


@pytest.mark.parametrize("option", ["wait=", "wait=0", "wait=x", "wait=100000", "later", "wait=1.5"])
def test_a_bad_wait_is_refused(option: str) -> None:
    with pytest.raises(CrosscamError, match=r"expected tcp:0, tcp:0,wait or tcp:0,wait=SECONDS"):
        open_port(f"tcp:0,{option}")


def test_tcp_waits_for_its_client() -> None:
    port = open_port("tcp:0,wait=30")
    number = int(port.description.rpartition(":")[2])
    with socket.socket() as client:
        connecting = threading.Timer(0.2, client.connect, (("127.0.0.1", number),))
        connecting.start()
        port.wait()
        connecting.join()
        port.send(0x41)
        assert client.recv(1) == b"A"
        port.close()


def test_nobody_comes_in_time() -> None:
    port = TcpPort(0, wait_seconds=0.1)
    with pytest.raises(CrosscamError, match=r"nobody connected to tcp://127\.0\.0\.1:\d+ within 0\.1 s"):
        port.wait()
    port.close()


def test_a_slow_client_gets_everything_in_order() -> None:
    port = open_port("tcp:0,wait=30")
    assert isinstance(port, TcpPort)
    sent = bytes(range(256)) * 2000
    with socket.create_connection(("127.0.0.1", int(port.description.rpartition(":")[2])), timeout=10) as client:
        port.wait()
        for byte in sent:
            port.send(byte)
        got = bytearray()
        while len(got) < len(sent):
            port.receive()
            got += client.recv(65536)
        assert bytes(got) == sent
        port.close()
