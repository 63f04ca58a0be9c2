"""``machine StartGdbServer``: the host runs the machine, the client says when."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from fractions import Fraction

import pytest

from sim.engine.monitor import Monitor
from sim.engine.observe.gdb.attached import AttachedServer
from sim.errors import CrosscamError
from sim.tests import thumb as t
from sim.tests.rsp_client import RspClient
from sim.tests.test_semihosting import BOARD
from sim.tests.thumb import Program

SECONDS = 30.0
LOOP = 0x0800000A


def booted(command: str = "") -> Monitor:
    """A loop that counts in r0."""
    made = Monitor()
    made.execute(f'mach create; machine LoadPlatformDescriptionFromString "{BOARD}"')
    program = Program(0x08000000, 0x20010000).label("start").emit(t.movs(0, 0))
    program.label("loop").emit(t.adds(0, 1)).branch("loop")
    assert program.labels["loop"] == LOOP
    made.machine.sysbus.write_bytes(0x08000000, program.build())
    made.execute(f"cpu VectorTableOffset 0x08000000; machine Reset{command}")
    return made


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    """On a board that serves GDB."""
    made = booted("; machine StartGdbServer 0")
    yield made
    made.close()


def server(monitor: Monitor) -> AttachedServer:
    found = monitor.machine.attached
    assert isinstance(found, AttachedServer)
    return found


@contextlib.contextmanager
def running(monitor: Monitor, seconds: Fraction) -> Iterator[threading.Thread]:
    """The host's run in a thread of its own."""
    thread = threading.Thread(target=monitor.machine.run_for, args=(seconds,))
    thread.start()
    yield thread
    thread.join(SECONDS)
    assert not thread.is_alive()


def test_the_host_should_run_as_if_nobody_were_there(monitor: Monitor) -> None:
    states = []
    for each in (monitor, booted()):
        for span in (1, 30, 7):
            each.machine.run_for(Fraction(span, 10_000))
        each.machine.run_until(lambda: False, Fraction(1, 1000))
        states.append((each.machine.clock.now, each.machine.cpu.registers))
    assert states[0] == states[1]
    server(monitor).close()
    assert monitor.machine.attached is None


def test_a_client_should_stop_and_let_go_of_the_machine(monitor: Monitor) -> None:
    with RspClient(server(monitor).port) as client, running(monitor, Fraction(1, 10)) as host:
        stood = client.register(0)
        assert client.register(0) == stood and host.is_alive()
        assert client.ask(f"Z0,{LOOP:x},2") == "OK"
        for _ in range(3):
            assert client.ask("c").startswith("T05thread:1;") and client.pc == LOOP
            assert client.ask("s").startswith("T05")
        assert client.ask(f"z0,{LOOP:x},2") == "OK"
        client.start("c")
        client.send(b"\x03")
        assert client.answer().startswith("T02")
        assert client.ask("bs") == "" and client.ask("D") == "OK"
    assert monitor.machine.clock.exact_seconds >= Fraction(1, 10)


def test_a_client_that_leaves_should_leave_no_breakpoint(monitor: Monitor) -> None:
    with RspClient(server(monitor).port) as client:
        client.ask(f"Z0,{LOOP:x},2")
    with running(monitor, Fraction(1, 100)):
        pass
    assert not monitor.machine.cpu.hooking.addresses


def test_one_machine_should_have_one_server(monitor: Monitor) -> None:
    with pytest.raises(CrosscamError, match="there is one already"):
        monitor.execute("machine StartGdbServer 0")
    monitor.execute("machine StopGdbServer")
    monitor.execute("machine StartGdbServer 0")
