"""``crosscam debug`` from outside: sessions one after the other, Ctrl-C, GDB itself, the same UART bytes as nobody's run."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.tests.conftest import ROOT, Crosscam
from sim.engine.elf import ElfImage
from sim.tests.rsp_client import RspClient

GDB = shutil.which("gdb-multiarch")
BOARD = ROOT / "sim" / "board" / "crosscam.resc"
PC = 15
_SECONDS = 120  # of wall time that anything here may take


class Server:
    """A running ``crosscam debug``."""

    def __init__(self, *arguments: str | Path) -> None:
        command = [sys.executable, "-m", "scripts.main", "debug", *map(str, arguments)]
        command += ["--port", ":0", "--wall-limit", str(_SECONDS)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said = ""
        assert self.process.stderr is not None
        while not (found := re.search(r"target remote :(\d+)", self.said)):
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        self.port = int(found[1])

    def end(self) -> tuple[str, str]:
        """What it has printed; it ends by itself, or is made to."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=_SECONDS)
        return out, self.said + err


@pytest.fixture
def server(elf: Path, frames: Path, tmp_path: Path) -> Iterator[Server]:
    """The vision firmware, its UART in ``uart.log`` too."""
    made = Server(elf, "--board", BOARD, "--frames", frames, "--uart", tmp_path / "uart.log")
    yield made
    if made.process.poll() is None:
        made.end()


def test_sessions_should_follow_each_other(server: Server, elf: Path) -> None:
    """Breakpoints go with their session, the machine stays; detached it runs on; Ctrl-C stops it."""
    place = ElfImage.read(elf).address_of("console_init")
    with RspClient(server.port) as client:
        assert client.ask(f"Z0,{place:x},2") == "OK" and client.ask("c").startswith("T05")
        assert client.pc == place
    with RspClient(server.port, acknowledged=True) as client:
        assert client.ask("?").startswith("T05") and client.pc == place
        client.start("c")
        time.sleep(0.3)
        client.send(b"\x03")
        assert client.answer().startswith("T02") and client.pc != place
        before = _cycle(client)
        assert client.ask("D") == "OK"
    time.sleep(0.5)
    with RspClient(server.port) as client:
        assert _cycle(client) > before + 1_000_000
        client.start("bc")
        assert client.answer() == "T05thread:1;replaylog:begin;" and _cycle(client) == 0
    out, err = server.end()
    assert out.startswith("crosscam ") and out.count("self-test: ok") == 1
    assert "crosscam: stopped by Ctrl-C" in err and server.process.returncode == 130


def _cycle(client: RspClient) -> int:
    return int(re.findall(r"cycle (\d+)", client.monitor("where"))[0])


def test_the_past_should_be_gone_about_in(server: Server, elf: Path) -> None:
    image = ElfImage.read(elf)
    milliseconds = image.address_of("milliseconds")
    with RspClient(server.port) as client:
        assert "goto-frame" not in client.monitor("goto-frame 2")
        second = _cycle(client)
        count = client.word(milliseconds)
        assert re.search(
            r"written at cycle \d+ by 0x[0-9A-F]{8} \w+\+0x\w+ \(\w+\.c:\d+\)", client.monitor("who-wrote milliseconds")
        )
        client.monitor("goto-frame 1")
        assert _cycle(client) < second and client.word(milliseconds) < count
        client.monitor("goto-frame 2")
        assert (_cycle(client), client.word(milliseconds)) == (second, count)
        client.monitor(f"goto-cycle {second - 1000}")
        assert second - 1000 <= _cycle(client) < second
        assert "no symbol" in client.monitor("who-wrote nothing_of_that_name")
        assert "0x" in client.monitor("cpu PC")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--port", "0.0.0.0:3333"), "on this computer only"),
        (("--port", "example.org:1"), "on this computer only"),
        (("--port", "x"), "no TCP port"),
        (("--board", "nothing.resc"), "no board nothing.resc"),
        (("--files", "nothing"), "--files nothing: no folder"),
        (("--timing", "fast"), "unknown timing"),
    ],
)
def test_bad_input_should_be_one_line(crosscam: Crosscam, elf: Path, arguments: tuple[str, ...], says: str) -> None:
    done = crosscam("debug", elf, *arguments)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and says in done.stderr, done.stderr


def test_a_port_that_is_taken_should_be_told(server: Server, crosscam: Crosscam, elf: Path) -> None:
    done = crosscam("debug", elf, "--port", str(server.port))
    assert done.returncode == 2 and f"TCP port {server.port}" in done.stderr and done.stderr.count("\n") == 1
