"""Several machines of one emulation: one time, wires between them, each with its own objects."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest

from sim.engine.devices.serial.stm32_uart import Stm32Uart
from sim.engine.machine import Machine
from sim.engine.machine.lockstep import QUANTUM
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError

BOARD = """
cpu: CPU.CortexM @ sysbus { nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { -> cpu@0 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x1000 }
uart: UART.STM32_UART @ sysbus 0x40011000 { -> nvic@37 }
"""
UART = 0x40011000


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    made = Monitor()
    yield made
    made.close()


def add(monitor: Monitor, name: str) -> Machine:
    monitor.execute(f'mach create "{name}"')
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{BOARD}"""')
    monitor.execute("sysbus WriteDoubleWord 0x20000000 0xE7FEE7FE; cpu PC 0x20000000; cpu SP 0x20001000")
    monitor.execute(f"sysbus WriteDoubleWord {UART + 0xC} 0x200C")
    return monitor.machine


def apart(*machines: Machine) -> Fraction:
    times = [machine.seconds for machine in machines]
    return max(times) - min(times)


def test_time_goes_on_together_whoever_leads(monitor: Monitor) -> None:
    one, two = add(monitor, "one"), add(monitor, "two")
    for leader in (one, two, one):
        leader.run_for(0.00125)
        assert apart(one, two) <= Fraction(1, 1_000_000)
    assert float(one.seconds) == pytest.approx(0.00375, abs=1e-6)
    assert not two.run_until(lambda: False, 0.001)
    assert float(one.seconds) == pytest.approx(0.00475, abs=1e-6)


def test_a_machine_made_later_begins_then(monitor: Monitor) -> None:
    one = add(monitor, "one")
    one.run_for(0.5)
    two = add(monitor, "two")
    two.run_for(0.001)
    assert float(two.seconds) == pytest.approx(0.001, abs=1e-6) and float(one.seconds) == pytest.approx(0.501, abs=1e-6)


def test_a_pause_stops_all_of_them(monitor: Monitor) -> None:
    one, two = add(monitor, "one"), add(monitor, "two")
    two.clock.schedule(two.clock.frequency // 100, two.pause)
    one.run_for(1)
    assert 0.0099 < float(one.seconds) < 0.0102 and apart(one, two) <= QUANTUM


@pytest.mark.parametrize("quantum", ["0.0001", "0.00001"])
def test_what_one_sends_arrives_at_the_other_within_a_quantum(monitor: Monitor, quantum: str) -> None:
    monitor.execute(f'emulation SetGlobalQuantum "{quantum}"; emulation CreateUARTHub "hub"')
    one, two = add(monitor, "one"), add(monitor, "two")
    for name in ("one", "two"):
        monitor.execute(f'mach set "{name}"; connector Connect sysbus.uart hub')
    arrived: list[Fraction] = []
    receiver = two.device("uart")
    assert isinstance(receiver, Stm32Uart)
    two.sysbus.write(UART + 0xC, 4, 0x202C)  # RXNEIE

    class Listener:
        def on_gpio(self, number: int, value: bool) -> None:
            if value:
                arrived.append(two.seconds)

    receiver.irq.connect(Listener(), 0)
    one.clock.schedule(one.clock.frequency // 1000, lambda: one.sysbus.write(UART + 4, 4, 0x41))
    two.run_for(0.002)
    assert len(arrived) == 1 and abs(arrived[0] - Fraction(1, 1000)) <= Fraction(quantum) + Fraction(1, 10**6)


def test_each_has_its_own_objects_and_resets(monitor: Monitor) -> None:
    one, two = add(monitor, "one"), add(monitor, "two")
    monitor.execute("sysbus WriteDoubleWord 0x20000100 2")
    monitor.execute('mach set "one"')
    assert monitor.execute("sysbus ReadDoubleWord 0x20000100") == "0x00000000"
    assert monitor.execute("mach") == "one\ntwo" and monitor.machine is one
    monitor.execute('macro reset "sysbus WriteDoubleWord 0x20000200 7"')
    two.request_reset("SYSRESETREQ")
    one.run_for(0.001)
    assert (one.sysbus.read(0x20000200, 4), two.sysbus.read(0x20000200, 4)) == (0, 7) and monitor.machine is one
    monitor.execute("mach set 1")
    assert monitor.machine is two


def test_names_and_removal(monitor: Monitor) -> None:
    monitor.execute("mach create; mach create")
    assert monitor.execute("emulation Names").split() == ["[", "machine-0,", "machine-1,", "]"]
    with pytest.raises(CrosscamError, match="of that name already"):
        monitor.execute('mach create "machine-0"')
    monitor.execute('mach add "third"')
    assert monitor.machine.name == "machine-1"
    monitor.execute('emulation RemoveMachine "machine-1"')
    assert monitor.machine.name == "machine-0" and monitor.execute("mach") == "machine-0\nthird"
    monitor.execute('emulation RunFor "0.001"; Clear')
    assert not monitor.has_machine
    with pytest.raises(CrosscamError, match="above 0"):
        monitor.execute('emulation SetGlobalQuantum "0"')
