"""``crosscam debug`` from outside: sessions one after the other, Ctrl-C, GDB itself, the UART bytes of nobody's run."""

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
from typing import Any

import pytest

from scripts.debug import debug
from scripts.tests.conftest import ROOT, Crosscam
from sim.engine.elf import ElfImage
from sim.errors import CrosscamError
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


def test_sessions_should_follow_each_other(server: Server, crosscam: Crosscam, elf: Path) -> None:
    """Breakpoints go with their session, the machine stays; detached it runs on; Ctrl-C stops it."""
    place = ElfImage.read(elf).address_of("console_init")
    with RspClient(server.port) as client:
        assert client.ask(f"Z0,{place:x},2") == "OK" and client.ask("c").startswith("T05")
        assert client.pc == place
    with RspClient(server.port, acknowledged=True) as client:
        assert client.ask("?").startswith("T05") and client.pc == place
        taken = crosscam("debug", elf, "--port", str(server.port))
        assert taken.returncode == 2 and taken.stderr.startswith(f"crosscam: TCP port {server.port}: ")
        assert taken.stderr.count("\n") == 1
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
    assert out.count("crosscam ") == 1  # the first line, shown once
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
        ({"port": "0.0.0.0:3333"}, "on this computer only"),
        ({"port": "x"}, "no TCP port"),
        ({"board": Path("nothing.resc")}, "no board nothing.resc"),
        ({"files": Path("nothing")}, "--files nothing: no folder"),
        ({"timing": "fast"}, "unknown timing"),
    ],
)
def test_bad_input_should_be_refused(elf: Path, arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(CrosscamError, match=says):
        debug(elf, **{"port": ":0", **arguments})


SESSION = r"""
set confirm off
set pagination off
set width 0
target remote :{port}
break inference_run
continue
continue
delete
finish
echo == the input tensor\n
output/x *(unsigned char *)nn_model.input
echo \n== a score\n
output/d *(signed char *)nn_model.output
set $score = (unsigned long)nn_model.output
tbreak console_line
continue
eval "monitor who-wrote 0x%lx 1", $score
eval "watch *(signed char *)0x%lx", $score
reverse-continue
info program
delete
echo == over an interrupt\n
break *systick_handler
continue
printf "== handler\n%d ==", $xpsr & 511
reverse-stepi
printf "== before\n%d ==", $xpsr & 511
stepi
printf "== again\n%d ==", $xpsr & 511
delete
echo \n== on\n
tbreak inference_run
continue
disconnect
"""


@pytest.mark.skipif(GDB is None, reason="gdb-multiarch is not installed: `apt-get install gdb-multiarch`")
def test_gdb_should_do_all_of_it(server: Server, crosscam: Crosscam, elf: Path, frames: Path, tmp_path: Path) -> None:
    """To an inference, its input, a score, back to who wrote it, over an interrupt, and on as if nothing had been."""
    script = tmp_path / "session.gdb"
    script.write_text(SESSION.format(port=server.port))
    command = [str(GDB), "-nx", "-batch", "-x", str(script), str(elf)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = dict(re.findall(r"== (.+)\n([^=]*)", done.stdout))
    assert parts["the input tensor"].startswith("0x") and re.match(r"-?\d+", parts["a score"])
    assert "Hardware watchpoint" in done.stdout and "Old value = " in done.stdout
    assert "written at cycle" in done.stderr
    assert [parts[name].split()[0] for name in ("handler", "before", "again")] == ["15", "0", "15"]
    out, _ = server.end()
    undisturbed = tmp_path / "undisturbed.log"
    assert crosscam("run", "--elf", elf, "--frames", frames, "--uart", undisturbed).returncode == 0
    log = (tmp_path / "uart.log").read_bytes()
    assert b"self-test: ok" in log and undisturbed.read_bytes().startswith(log)
    assert out.encode().rstrip(b"\n") == log.replace(b"\r", b"").rstrip(b"\n"), "the end may be amid a line"
