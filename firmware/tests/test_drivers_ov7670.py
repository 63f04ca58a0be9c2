"""The sensor's driver against a sensor made of a register file."""

from __future__ import annotations

import ctypes

import pytest
from app_host import BUS_NO_ANSWER, BUS_OK, BUS_STUCK, FakeHal, build

OK, NO_ANSWER, STUCK, WRONG_ID, NOT_KEPT = range(5)
ADDRESS = 0x21
PID, VER, COM3, CLKRC, COM7, COM15 = 0x0A, 0x0B, 0x0C, 0x11, 0x12, 0x40


class Report(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint8) for name in ("pid", "ver", "reg", "found", "expected"))


class Sensor:
    """Registers behind SCCB: a write of one byte selects, of two bytes stores, a read gives the selected one."""

    def __init__(self) -> None:
        self.registers = {PID: 0x76, VER: 0x73}
        self.selected = 0
        self.fails_at: dict[int, int] = {}
        """Register -> bus status of a write to it."""
        self.sticky: dict[int, int] = {}
        """Registers that keep a value of their own."""

    def __call__(self, address: int, data: bytes | int) -> tuple[int, bytes]:
        if address != ADDRESS:
            return BUS_NO_ANSWER, b""
        if isinstance(data, int):
            assert data == 1
            return BUS_OK, bytes([self.sticky.get(self.selected, self.registers.get(self.selected, 0))])
        self.selected = data[0]
        if len(data) == 2:
            self.registers[data[0]] = data[1]
            return self.fails_at.get(data[0], BUS_OK), b""
        return BUS_OK, b""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    # fake_hal.c has the console's half of the hal too; the test of the console links the rest of it.
    return build(tmp_path_factory.mktemp("ov7670"), ["drivers/ov7670.c", "tests/fake_hal.c"])


@pytest.fixture
def hal(library: ctypes.CDLL) -> FakeHal:
    return FakeHal(library)


@pytest.fixture
def sensor(hal: FakeHal) -> Sensor:
    sensor = Sensor()
    hal.bus = sensor
    return sensor


def identify(library: ctypes.CDLL) -> tuple[int, Report]:
    report = Report()
    return library.ov7670_identify(ctypes.byref(report)), report


def configure(library: ctypes.CDLL) -> tuple[int, Report]:
    report = Report()
    return library.ov7670_configure(ctypes.byref(report)), report


def test_wakes_the_sensor_before_it_talks(library: ctypes.CDLL, hal: FakeHal, sensor: Sensor) -> None:
    status, report = identify(library)
    assert (status, report.pid, report.ver) == (OK, 0x76, 0x73)
    assert [call for call in hal.calls if call[0] != "read"][:6] == [
        ("power_down", False),
        ("reset", True),
        ("delay", 10),
        ("reset", False),
        ("delay", 10),
        ("write", ADDRESS, bytes([PID])),
    ]


def test_reads_with_a_stop_between_register_and_value(library: ctypes.CDLL, hal: FakeHal, sensor: Sensor) -> None:
    identify(library)
    assert [call for call in hal.calls if call[0] in ("write", "read")] == [
        ("write", ADDRESS, bytes([PID])),
        ("read", ADDRESS, 1),
        ("write", ADDRESS, bytes([VER])),
        ("read", ADDRESS, 1),
    ]


def test_nobody_there(library: ctypes.CDLL, hal: FakeHal) -> None:
    assert identify(library)[0] == NO_ANSWER


def test_bus_held_low(library: ctypes.CDLL, hal: FakeHal) -> None:
    hal.bus = lambda address, data: (BUS_STUCK, b"")
    assert identify(library)[0] == STUCK


@pytest.mark.parametrize(("pid", "ver"), [(0x77, 0x21), (0x76, 0x70), (0x00, 0x00), (0x26, 0x42)])
def test_another_sensor_is_named(library: ctypes.CDLL, sensor: Sensor, pid: int, ver: int) -> None:
    sensor.registers |= {PID: pid, VER: ver}
    status, report = identify(library)
    assert (status, report.pid, report.ver) == (WRONG_ID, pid, ver)


def test_sets_qvga_rgb565_low_byte_first(library: ctypes.CDLL, hal: FakeHal, sensor: Sensor) -> None:
    assert configure(library)[0] == OK
    registers = sensor.registers
    assert registers[COM7] & 0x17 == 0x14, "QVGA, RGB, no colour bar"
    assert registers[COM15] & 0x30 == 0x10, "RGB565"
    assert registers[COM3] & 0x40, "low byte first"
    assert not registers[0x70] & 0x80 and not registers[0x71] & 0x80, "no test pattern"
    assert registers[0x8C] & 0x02 == 0, "RGB444 off"
    assert registers[0x15] == 0, "VSYNC high in blanking, HREF, free-running PCLK: what the camera port expects"


def test_window_is_the_whole_picture(library: ctypes.CDLL, hal: FakeHal, sensor: Sensor) -> None:
    assert configure(library)[0] == OK
    registers = sensor.registers
    first = registers[0x17] << 3 | registers[0x32] & 7
    last = registers[0x18] << 3 | registers[0x32] >> 3 & 7
    top = registers[0x19] << 2 | registers[0x03] & 3
    bottom = registers[0x1A] << 2 | registers[0x03] >> 2 & 3
    assert (last - first) % 784 == 640
    assert bottom - top == 480


def test_resets_first_and_waits_then_settles(library: ctypes.CDLL, hal: FakeHal, sensor: Sensor) -> None:
    assert configure(library)[0] == OK
    assert hal.calls[0] == ("write", ADDRESS, bytes([COM7, 0x80]))
    assert hal.calls[1] == ("delay", 10)
    assert hal.calls[-1] == ("delay", 300)
    assert hal.names().count("delay") == 2


def test_a_register_that_does_not_take_is_found(library: ctypes.CDLL, hal: FakeHal, sensor: Sensor) -> None:
    sensor.sticky[COM15] = 0xC0
    status, report = configure(library)
    assert (status, report.reg, report.found, report.expected) == (NOT_KEPT, COM15, 0xC0, 0xD0)
    assert ("delay", 300) not in hal.calls


@pytest.mark.parametrize(("failure", "status"), [(BUS_NO_ANSWER, NO_ANSWER), (BUS_STUCK, STUCK)])
def test_stops_at_the_first_failure(
    library: ctypes.CDLL, hal: FakeHal, sensor: Sensor, failure: int, status: int
) -> None:
    sensor.fails_at[COM15] = failure
    result, report = configure(library)
    assert (result, report.reg) == (status, COM15)
    assert hal.calls[-1] == ("write", ADDRESS, bytes([COM15, 0xD0]))
