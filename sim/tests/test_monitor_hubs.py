"""Hubs and switches from the monitor: two controllers of one machine on one wire."""

from __future__ import annotations

import pytest

from sim.engine.devices.network.can_bus import CanFrame
from sim.engine.devices.network.ethernet import EthernetController
from sim.engine.devices.network.mcan import MCan
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError

DESCRIPTION = """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
uart: UART.TrivialUart @ sysbus 0x40001000
ram: Memory.ArrayMemory @ sysbus 0x4000AC00 { size: 0x2800 }
can1: CAN.MCAN @ sysbus 0x4000A000 { messageRAM: ram }
can2: CAN.MCAN @ sysbus 0x4000A400 { messageRAM: ram }
eth1: Network.SynopsysEthernetMAC @ sysbus 0x40028000
eth2: Network.SynopsysEthernetMAC @ sysbus 0x4002A000
"""


@pytest.fixture
def monitor() -> Monitor:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{DESCRIPTION}"""')
    return monitor


def controller(monitor: Monitor, name: str) -> MCan:
    found = monitor.machine.device(name)
    assert isinstance(found, MCan)
    found.write(0x18, 4, 3)
    found.write(0xA0, 4, 0x100 | 4 << 16)
    found.write(0x18, 4, 0)
    return found


@pytest.mark.parametrize(("loopback", "own"), [("", 0), ("true", 1)])
def test_can_hub(monitor: Monitor, loopback: str, own: int) -> None:
    monitor.execute(f'emulation CreateCANHub "bus" {loopback}')
    one, two = controller(monitor, "can1"), controller(monitor, "can2")
    monitor.execute("connector Connect sysbus.can1 bus")
    monitor.execute("connector Connect sysbus.can2 bus")
    one.put_on_bus(CanFrame(0x12, b"hello"))
    assert (one.read(0xA4, 4) & 0x7F, two.read(0xA4, 4) & 0x7F) == (own, 1)
    monitor.execute("connector Disconnect sysbus.can2 bus")
    one.put_on_bus(CanFrame(0x12, b"hello"))
    assert two.read(0xA4, 4) & 0x7F == 1


def test_switch(monitor: Monitor) -> None:
    monitor.execute('emulation CreateSwitch "switch"')
    for name in ("eth1", "eth2"):
        monitor.execute(f"connector Connect sysbus.{name} switch")
    first, second = monitor.machine.device("eth1"), monitor.machine.device("eth2")
    assert isinstance(first, EthernetController)
    monitor.execute('sysbus.eth2 MAC "02:00:00:00:00:02"')
    for offset, value in ((0x100C, 0x20000000), (0x00, 4), (0x1018, 2)):
        second.write(offset, 4, value)
    first.put_on_wire(bytes.fromhex("020000000002") + bytes(60))
    assert second.read(0x1014, 4) & 1 << 7, "it arrived, though there is no descriptor for it"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("connector Connect sysbus.can1 nothing", "Parameters did not match the signature"),
        ("connector Connect sysbus.uart bus", "expected a CAN controller"),
        ("connector Connect sysbus.eth1 bus", "expected a CAN controller"),
        ("connector Disconnect sysbus.can1 bus", "is not connected"),
        ("connector Connect", "Parameters did not match the signature"),
        ('emulation CreateSwitch "bus"', "External's name already in use: bus"),
    ],
)
def test_wrong_commands(monitor: Monitor, command: str, message: str) -> None:
    monitor.execute('emulation CreateCANHub "bus"')
    with pytest.raises(CrosscamError, match=message):
        monitor.execute(command)


def test_clear_forgets_hubs(monitor: Monitor) -> None:
    monitor.execute('emulation CreateCANHub "bus"')
    monitor.execute("Clear")
    monitor.execute('emulation CreateCANHub "bus"')
