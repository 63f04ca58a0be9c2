"""Commands around the emulation: numbers, Renode's script commands, environments, what ``--lenient`` lets pass."""

from __future__ import annotations

import logging
import socket
from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.errors import CrosscamError

SENSORS = """
warm: Sensors.DummySensor @ sysbus 0x0

cold: Sensors.DummySensor @ sysbus 0x10
"""


@pytest.fixture
def monitor() -> Monitor:
    made = Monitor()
    made.execute("mach create")
    made.execute("using sysbus")
    return made


def load(monitor: Monitor, text: str) -> None:
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{text}"""')


@pytest.mark.parametrize(
    ("mode", "byte", "property_"),
    [
        ("Hexadecimal", "0x2A", "0x0000000000001000"),
        ("Decimal", "42", "4096"),
        ("Both", "0x2A (42)", "0x0000000000001000 (4096)"),
    ],
)
def test_numbers_are_shown_as_asked(monitor: Monitor, mode: str, byte: str, property_: str) -> None:
    load(monitor, "ram: Memory.MappedMemory @ sysbus 0x0 { size: 0x1000 }")
    monitor.execute("sysbus WriteByte 0x20 42")
    monitor.execute(f"numbersMode {mode.lower()}")
    assert monitor.execute("numbersMode") == mode
    assert monitor.execute("sysbus ReadByte 0x20") == byte
    assert monitor.execute("ram Size") == property_
    with pytest.raises(CrosscamError, match=r"Bad parameters for command numbersMode: expected `numbersMode Hexa"):
        monitor.execute("numbersMode octal")


def test_counting_values(monitor: Monitor) -> None:
    assert [monitor.execute("next_value"), monitor.execute("next_value 10")] == ["0", "11"]
    with pytest.raises(CrosscamError, match="expected a number to add, found 'x'"):
        monitor.execute('next_value "x"')


def test_dumps(monitor: Monitor, tmp_path: Path) -> None:
    load(monitor, "ram: Memory.MappedMemory @ sysbus 0x0 { size: 0x1000 }")
    monitor.execute("sysbus WriteQuadWord 0x100 0x2120646C726F57")
    assert monitor.execute("dump 0x100 8 4") == ("0x00000100 | 57 6F 72 6C | Worl\n0x00000104 | 64 20 21 00 | d !.")
    monitor.execute(f"dump_file 0x100 7 @{tmp_path / 'out.bin'}")
    assert (tmp_path / "out.bin").read_bytes() == b"World !"
    with pytest.raises(CrosscamError, match="Bad parameters for command dump: address: expected a whole number"):
        monitor.execute('dump "here"')


def test_conditions_and_types(monitor: Monitor) -> None:
    monitor.execute('if true """$a=1\n$a=2"""')
    monitor.execute('if false """$a=3"""')
    assert monitor.execute("echo $a") == "2"
    monitor.execute('EnsureTypeIsLoaded "Antmicro.Renode.Peripherals.Memory.MappedMemory"')
    with pytest.raises(CrosscamError, match=r"Given type Acme\.Thing was not found"):
        monitor.execute('EnsureTypeIsLoaded "Acme.Thing"')


def test_clear_forgets_the_machine(monitor: Monitor) -> None:
    monitor.execute('emulation CreateEnvironment "room"')
    monitor.execute("Clear")
    assert not monitor.has_machine
    with pytest.raises(CrosscamError, match="No such command or device: room"):
        monitor.execute("room Temperature")


def test_a_snapshot_needs_a_suite(monitor: Monitor) -> None:
    with pytest.raises(CrosscamError, match="Save: only Robot suites can"):
        monitor.execute("Save @state")
    with pytest.raises(CrosscamError, match="Save: only Robot suites can"):
        monitor.execute('Save "state"')


def test_sensors_measure_what_is_in_their_environment(monitor: Monitor) -> None:
    load(monitor, SENSORS)
    monitor.execute('emulation CreateEnvironment "room"')
    monitor.execute('emulation CreateEnvironment "fridge"')
    monitor.execute("fridge Temperature 4.5")
    monitor.execute("machine SetEnvironment room")
    monitor.execute("cold SetEnvironment fridge")
    monitor.execute("room Temperature 21.5")
    monitor.execute("room Humidity 40.0")
    assert monitor.execute("room GetRegisteredSensorsNames") == "[\nmachine-0:sysbus.warm, \n]"
    assert monitor.execute("room GetRegisteredMachineNames") == "[\nmachine-0, \n]"
    assert [monitor.execute(f"{name} Temperature") for name in ("warm", "cold")] == ["21.5", "4.5"]
    assert monitor.execute("warm Humidity") == "40.0"
    monitor.execute("machine Reset")
    assert [monitor.execute(f"{name} Temperature") for name in ("warm", "cold")] == ["21.5", "4.5"]


def test_new_sensors_come_in_and_removed_ones_go(monitor: Monitor) -> None:
    monitor.execute('emulation CreateEnvironment "room"')
    monitor.execute("room Temperature 30.0")
    monitor.execute("machine SetEnvironment room")
    load(monitor, SENSORS)
    assert monitor.execute("warm Temperature") == "30.0"
    assert monitor.execute("warm TemperatureUpdateCounter") == "0x00000001"
    monitor.execute("machine UnregisterFromParent sysbus.warm")
    assert monitor.execute("room GetRegisteredSensorsNames") == "[\nmachine-0:sysbus.cold, \n]"
    assert monitor.execute("sysbus WhatPeripheralIsAt 0x0") == ""
    monitor.execute('emulation RemoveMachine "machine-0"')
    assert monitor.execute("room GetRegisteredSensorsNames") == "[\n]"
    with pytest.raises(CrosscamError, match="there is no such machine"):
        monitor.execute('emulation RemoveMachine "machine-0"')


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("machine SetEnvironment attic", "no external attic: "),
        ('emulation CreateEnvironment "room"', "External's name already in use: room"),
        ("ram SetEnvironment room", "sysbus.ram does not provide a field, method or property SetEnvironment"),
        (
            "machine UnregisterFromParent sysbus.ram",
            r"ram \(MappedMemory\): expected a device without children",
        ),
    ],
)
def test_refused(monitor: Monitor, command: str, message: str) -> None:
    load(monitor, "ram: Memory.MappedMemory @ sysbus 0x0 { size: 0x1000 }")
    monitor.execute('emulation CreateEnvironment "room"')
    with pytest.raises(CrosscamError, match=message):
        monitor.execute(command)


def test_lenient_commands_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    script = tmp_path / "board.resc"
    script.write_text(
        "mach create\nmachine LoadPlatformDescriptionFromString 'u: UART.TrivialUart @ sysbus 0x0'\n"
        "emulation Frobnicate 1\nfrobnicate\nsysbus.u Frobnicate true\n$done=1\n"
    )
    lenient = Monitor(lenient=True)
    lenient.include(script)
    assert lenient.variables["done"] == 1
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert [text.partition(": ")[0] for text in warnings] == [f"{script}:{line}" for line in (3, 4, 5)]
    assert all(text.endswith("the command does nothing") for text in warnings)
    with pytest.raises(CrosscamError, match=r"board\.resc:3: emulation does not provide a .* Frobnicate"):
        Monitor().include(script)
    with pytest.raises(CrosscamError, match="Parameters did not match"):
        lenient.execute("machine Reset 1 2 3")


def test_the_last_entries_of_the_log(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sim")
    for number in range(1001):
        monitor.execute(f'log "entry-{number}-"')
    assert monitor.execute("lastLog 2").splitlines()[-1].endswith("[INFO] monitor: Script: entry-1000-")
    assert len(monitor.execute("lastLog").splitlines()) == 20
    everything = monitor.execute("lastLog 1000")
    assert "entry-0-" not in everything
    assert "entry-1-" in everything
    monitor.execute('log "loud" 3')
    monitor.execute('log "quiet" "debug"')
    assert monitor.execute("lastLog 1").endswith("[ERROR] monitor: Script: loud")
    with pytest.raises(CrosscamError, match="Bad parameters for command log: level: expected"):
        monitor.execute('log "text" 9')


def test_log_files_are_never_overwritten(monitor: Monitor, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sim")
    for number in range(2):
        monitor.execute(f"logFile @{tmp_path / 'out'}")
        monitor.execute(f'log "round {number}"')
    assert (tmp_path / "out").read_text().count("Script: round") == 2
    assert (tmp_path / "out.1").read_text().count("Script: round") == 1
    monitor.close()
    monitor.execute('log "after"')
    assert "after" not in (tmp_path / "out").read_text()
    with pytest.raises(CrosscamError, match="expected a folder that can be written"):
        monitor.execute(f"logFile @{tmp_path / 'no' / 'folder'}")


def test_the_log_on_a_port(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sim")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CrosscamError, match=f"logNetwork {port}: .*expected a free port"):
            monitor.execute(f"logNetwork {port}")
    monitor.execute(f"logNetwork {port}")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        monitor.execute('log "hello"')
        assert client.recv(200).endswith(b"[INFO] monitor: Script: hello\r\n")
    monitor.execute('log "nobody listens"')
    monitor.execute('log "nobody listens"')
    monitor.close()
