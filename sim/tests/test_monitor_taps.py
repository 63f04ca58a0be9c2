"""An interface of the host as a port of a switch: frames both ways, and a host that gives none."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.engine.devices.network.ethernet import EthernetController
from sim.engine.monitor import Monitor, taps
from sim.errors import CrosscamError

DESCRIPTION = """
cpu: CPU.CortexM @ sysbus { nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { -> cpu@0 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x1000 }
ethernet: Network.SynopsysEthernetMAC @ sysbus 0x40028000
"""
FRAME = b"\xff" * 6 + b"\x02\0\0\0\0\x01" + b"\x08\x06" + bytes(46)


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{DESCRIPTION}"""')
    monitor.execute("sysbus WriteDoubleWord 0x20000000 0xE7FEE7FE; cpu PC 0x20000000; cpu SP 0x20001000")
    monitor.execute('emulation CreateSwitch "switch"; connector Connect sysbus.ethernet switch')
    yield monitor
    monitor.close()


def test_frames_pass_both_ways(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    host, engine = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    engine.setblocking(False)
    monkeypatch.setattr(taps, "open_interface", lambda name, persistent: os.dup(engine.fileno()))
    monkeypatch.setattr("sim.engine.monitor.faces.emulation.open_interface", taps.open_interface)
    monitor.execute('emulation CreateTap "tap0" "tap"; connector Connect host.tap switch')
    controller = monitor.machine.device("sysbus.ethernet")
    assert isinstance(controller, EthernetController)
    arrived: list[bytes] = []
    monkeypatch.setattr(controller, "on_frame_received", arrived.append)
    host.send(FRAME)
    monitor.execute('emulation RunFor "0.002"')
    assert arrived == [], "the tap has not been started"
    monitor.execute('host.tap Start; emulation RunFor "0.002"')
    assert arrived == [FRAME]
    controller.frame_sent(FRAME[::-1])
    assert host.recv(2000) == FRAME[::-1]
    monitor.execute("host.tap Pause")
    host.send(FRAME)
    monitor.execute('emulation RunFor "0.005"')
    assert arrived == [FRAME]
    monitor.execute("connector Disconnect host.tap switch")
    with pytest.raises(CrosscamError, match="not connected"):
        monitor.execute("connector Disconnect host.tap switch")
    host.close()
    engine.close()


def test_a_tap_may_be_started_before_there_is_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    host, engine = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    engine.setblocking(False)
    monkeypatch.setattr(
        "sim.engine.monitor.faces.emulation.open_interface", lambda name, persistent: os.dup(engine.fileno())
    )
    monitor, heard = Monitor(), list[bytes]()
    monitor.execute('emulation CreateSwitch "switch"; emulation CreateTap "tap0" "tap"; host.tap Start')
    monitor.execute("connector Connect host.tap switch")
    monitor.external("host.tap").frame_sent += heard.append  # type: ignore[attr-defined]
    for name in ("first", "second"):
        monitor.execute(f'mach clear; mach create "{name}"')
        host.send(name.encode())
        monitor.execute('emulation RunFor "0.003"')
    assert heard == [b"first", b"second"]
    monitor.close()
    host.close()
    engine.close()


def test_a_host_without_interfaces(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(taps, "_TUN", tmp_path / "tun")
    monitor.execute('emulation CreateTap "tap0" "tap"; connector Connect host.tap switch; host.tap Start')
    assert "no interface tap0 on this host" in caplog.text
    monitor.execute('switch EnablePromiscuousMode sysbus.ethernet; emulation RunFor "0.002"')


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ('emulation CreateTap "a name that is too long" "tap"', "1 to 15 characters"),
        ('emulation CreateTap "../x" "tap"', "1 to 15 characters"),
        ('emulation CreateCANHub "bus"; connector Connect switch bus', "cannot be connected"),
        ("connector Connect switch switch", "cannot be connected"),
    ],
)
def test_what_cannot_be(monitor: Monitor, command: str, reason: str) -> None:
    with pytest.raises(CrosscamError, match=reason):
        monitor.execute(command)
