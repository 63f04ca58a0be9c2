"""A Renode that is started, spoken to and ended: with a stand-in that speaks the same XML-RPC and misbehaves on
demand."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.renode.board import RenodeBoard
from sim.renode.process import RenodeProcess

SERVER = """\
import os, sys, tempfile, time
from xmlrpc.server import SimpleXMLRPCServer

def run_keyword(name, arguments):
    if name == "Sleep":
        time.sleep(30)
    if name == "Die":
        print("dying words", flush=True)
        os._exit(7)
    if name == "ExecuteCommand" and arguments[0] == "nosuch":
        return {"status": "FAIL", "error": "KeywordException: No such command\\nor device: nosuch"}
    return {"status": "PASS", "return": " ".join([name, *map(str, arguments)])}

server = SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False)
server.register_function(run_keyword)
folder = os.path.join(tempfile.gettempdir(), "renode-%d" % os.getpid())
os.mkdir(folder)
with open(os.path.join(folder, "robot_port"), "w") as file:
    file.write(str(server.server_address[1]))
server.serve_forever()
"""


@pytest.fixture
def renode(tmp_path: Path) -> Path:
    server = tmp_path / "server.py"
    server.write_text(SERVER)
    return executable(tmp_path, f'exec "{sys.executable}" "{server}" "$@"')


def executable(folder: Path, script: str) -> Path:
    path = folder / "renode"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_commands_come_back_with_their_output(renode: Path) -> None:
    with RenodeProcess(renode) as process:
        assert process.execute("version") == "ExecuteCommand version"
        pid, folder = process._process.pid, process.folder
        assert folder.is_dir()
    assert not is_running(pid)
    assert not folder.exists()


def test_a_refused_command_is_one_line(renode: Path) -> None:
    with (
        RenodeProcess(renode) as process,
        pytest.raises(CrosscamError, match=r"Renode: KeywordException: No such command or device: nosuch$"),
    ):
        process.execute("nosuch")


def test_one_that_ends_at_once_leaves_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"ended with status 3 before it was ready: no libgtk here;"):
        RenodeProcess(executable(tmp_path, "echo starting; echo no libgtk here >&2; exit 3"))


def test_one_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/pid; exec sleep 60"
    with pytest.raises(CrosscamError, match=r"was not ready after 1 s: it printed nothing"):
        RenodeProcess(executable(tmp_path, script), start_seconds=1)
    assert not is_running(int((tmp_path / "pid").read_text()))


def test_a_command_is_bounded(renode: Path) -> None:
    with RenodeProcess(renode, command_seconds=0.5) as process:
        started = time.monotonic()
        with pytest.raises(CrosscamError, match=r"did not finish Sleep .* within 0 s"):
            process.keyword("Sleep")
        assert time.monotonic() - started < 10


def test_one_that_dies_is_told(renode: Path) -> None:
    with (
        RenodeProcess(renode) as process,
        pytest.raises(CrosscamError, match=r"did not answer Die .*: dying words"),
    ):
        process.keyword("Die")


def test_one_that_is_suspended_goes_on_and_is_ended(renode: Path) -> None:
    with RenodeProcess(renode, command_seconds=0.5) as process:
        process.suspend()
        with pytest.raises(CrosscamError, match="did not finish"):
            process.execute("version")
        process.resume()
        assert process.execute("version") == "ExecuteCommand version"
        process.suspend()
        pid = process._process.pid
    assert not is_running(pid)


def test_no_executable(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"cannot start .*gone: No such file"):
        RenodeProcess(tmp_path / "gone")


def test_board_refuses_bad_input_before_it_starts_anything(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"no firmware at .*\.elf"):
        RenodeBoard(tmp_path / "none.elf", executable=tmp_path / "gone")
    elf = tmp_path / "some.elf"
    elf.touch()
    with pytest.raises(CrosscamError, match=r"no frame folder at"):
        RenodeBoard(elf, tmp_path / "frames", executable=tmp_path / "gone")
    with pytest.raises(CrosscamError, match=r"Renode only counts instructions"):
        RenodeBoard(elf, timing="cortex-m7", executable=tmp_path / "gone")
