"""PythonPeripheral: what a script sees, when it runs, and what becomes of its errors."""

from __future__ import annotations

import logging
import os
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sim.engine.devices.base import Device
from sim.engine.devices.mocks.dummy_i2c_slave import DummyI2CSlave
from sim.engine.scripting import PythonPeripheral
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe


@dataclass
class World(FakeServices):
    """Fake services whose devices scripts can reach."""

    found: dict[str, Device] = field(default_factory=dict)
    name: str = "world"
    last_reset: str = "power-on"

    def device(self, path: str) -> Device:
        if path not in self.found:
            raise CrosscamError(f"no device {path}")
        return self.found[path]

    def script(self, text: str, name: str = "dev", initable: bool = True, size: int = 0x100) -> PythonPeripheral:
        made = PythonPeripheral(self, name, size=size, initable=initable, script=textwrap.dedent(text))
        self.found[f"sysbus.{name}"] = made
        return made


@pytest.fixture
def world() -> World:
    return World()


class Pins(Device):
    """A receiver with a property, as a proxy shows it."""

    RENODE_MEMBERS = ("FrameRate",)

    def __init__(self, services: World, name: str) -> None:
        super().__init__(services, name)
        self.probe = Probe()
        self.reset_count = 0
        self.frame_rate = 30
        self.out = self.add_output("IRQ")

    def on_gpio(self, number: int, value: bool) -> None:
        self.probe.on_gpio(number, value)

    def read(self, offset: int, width: int) -> int:
        return offset << 4 | width

    def reset(self) -> None:
        self.reset_count += 1


def test_the_request_says_what_is_asked(world: World) -> None:
    device = world.script(
        """
        if request.IsInit:
            seen = []
        seen.append((request.Type, request.IsInit, request.IsRead, request.IsWrite, request.IsUser,
                     request.Offset, request.Value, request.Length, request.Counter))
        if request.IsRead:
            request.Value = 0x1234567890
        elif request.IsUser:
            request.Value = seen
        """
    )
    assert device.read(4, 4) == 0x34567890
    assert device.read(6, 1) == 0x90
    device.write(8, 2, 0xBEEF)
    device.control_read(9, 77)
    seen: object = device._request.Value
    assert seen == [
        ("INIT", True, False, False, False, 0, 0, 0, 0),
        ("READ", False, True, False, False, 4, 0, 4, 0),
        ("READ", False, True, False, False, 6, 0, 1, 1),
        ("WRITE", False, False, True, False, 8, 0xBEEF, 2, 2),
        ("USER", False, False, False, True, 9, 77, 8, 2),
    ]


def test_small_letter_names_are_the_same_fields(world: World) -> None:
    device = world.script("if request.isRead: request.value = request.offset * 2 + request.length")
    assert device.read(8, 4) == 20


def test_a_command_nobody_takes_gives_its_argument_back(world: World) -> None:
    assert world.script("pass").control_read(5, 42) == 42


def test_globals_live_on_and_reset_initialises_again(world: World) -> None:
    device = world.script(
        """
        if request.IsInit:
            try:
                starts += 1
            except NameError:
                starts = 1
            count = 0
        elif request.IsRead:
            count += 1
            request.Value = starts << 8 | count
        """
    )
    assert [device.read(0, 4), device.read(0, 4)] == [0x101, 0x102]
    device.reset()
    assert device.read(0, 4) == 0x201


def test_without_initable_nothing_runs_first(world: World) -> None:
    device = world.script("if request.IsInit: raise ValueError('ran')\nrequest.Value = 3", initable=False)
    device.reset()
    assert device.read(0, 4) == 3


def test_functions_classes_and_comprehensions_see_the_globals(world: World) -> None:
    device = world.script(
        """
        from __future__ import division
        import struct, json
        if request.IsInit:
            base = long(10)
            class Box(object):
                factor = 3
                def value(self): return base * self.factor
            def total():
                global base
                base += 1
                return Box().value() + sum(base for _ in xrange(2))
        elif request.IsRead:
            request.Value = total() + struct.unpack("<I", b"\\x01\\x00\\x00\\x00")[0] + json.loads("2")
        """
    )
    assert device.read(0, 4) == 33 + 22 + 3
    assert device.read(0, 4) == 36 + 24 + 3


def test_star_imports_work_too(world: World) -> None:
    assert world.script("from math import *\nrequest.Value = int(floor(2.5))").read(0, 4) == 2


def test_an_error_is_logged_with_its_line_and_the_run_goes_on(
    world: World, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    file = tmp_path / "dev.py"
    file.write_text("if request.IsRead:\n    request.Value = 5\n    undefined_name\n")
    device = PythonPeripheral(world, "dev", size=4, filename=file)
    with caplog.at_level(logging.INFO):
        assert device.read(0, 4) == 5
        assert device.read(0, 4) == 5
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert messages == [f"{file}:3: NameError: name 'undefined_name' is not defined"]


@pytest.mark.parametrize("value", ["-1", "1 << 64", "1.5", "None"])
def test_a_value_renode_would_refuse_is_an_error(world: World, value: str, caplog: pytest.LogCaptureFixture) -> None:
    device = world.script(f"request.Value = {value}")
    device.read(0, 4)
    assert "expected an integer from 0 to 2**64 - 1" in caplog.text


def test_scripts_call_each_other(world: World) -> None:
    world.script("if request.IsUser: request.Value = request.Offset * 100 + request.Value", name="callee")
    caller = world.script(
        """
        if request.IsInit:
            other = self.GetMachine()["sysbus.callee"]
        elif request.IsRead:
            other.ControlWrite(1, 2)
            request.Value = other.ControlRead(3, 4) + other.ReadDoubleWord(8)
        """
    )
    assert caller.read(0, 4) == 304


def test_one_request_a_device_so_a_nested_access_overwrites_it(world: World) -> None:
    device = world.script(
        """
        if request.IsRead:
            self.GetMachine()["sysbus.dev"].ControlRead(7, 9)
            request.Value = request.Offset
        """
    )
    assert device.read(0x20, 4) == 7


def test_devices_under_their_csharp_names(world: World) -> None:
    pins = world.found["sysbus.pins"] = Pins(world, "pins")
    device = world.script(
        """
        machine = self.GetMachine()
        pins = machine["sysbus.pins"]
        pins.OnGPIO(78, True)
        pins.FrameRate = 15
        pins.IRQ.Set(True)
        pins.Reset()
        request.Value = pins.FrameRate << 16 | pins.ReadWord(2) | int(pins.IRQ.IsSet) << 24
        """,
        initable=False,
    )
    assert device.read(0, 4) == 15 << 16 | 0x22 | 1 << 24
    assert pins.probe.calls == [(78, True)] and pins.reset_count == 1 and pins.out.value


def test_an_unknown_member_is_named(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.found["sysbus.pins"] = Pins(world, "pins")
    world.script("self.GetMachine()['sysbus.pins'].FrobIt()").read(0, 4)
    assert "AttributeError: pins (Pins) has no FrobIt here" in caplog.text


def test_the_bus_reads_and_writes(world: World) -> None:
    device = world.script(
        """
        import System
        bus = self.GetMachine().SystemBus
        bus.WriteDoubleWord(0x100, 0x11223344)
        bus.WriteBytes(System.Array[System.Byte]([1, 2, 3]), 0x200)
        bus.WriteBytes(bytearray([9, 9, 9]), 0x300, 2)
        data = bus.ReadBytes(0x200, 4)
        request.Value = bus.ReadByte(0x101) << 16 | data[1] << 8 | data.Length << 4 | bus.ReadWord(0x302)
        """
    )
    assert device.read(0, 4) == 0x33 << 16 | 2 << 8 | 4 << 4
    assert world.sysbus.read_bytes(0x300, 3) == b"\x09\x09\x00"


def test_scheduled_actions_run_in_virtual_time(world: World) -> None:
    device = world.script(
        """
        from Antmicro.Renode.Time import TimeInterval
        if request.IsInit:
            fired = []
            machine = self.GetMachine()
            def tick(elapsed):
                fired.append(elapsed.TotalMicroseconds)
                machine.ScheduleAction(TimeInterval.FromMicroseconds(5), tick)
            machine.ScheduleAction(TimeInterval.FromNanoseconds(2500), tick)
        elif request.IsRead:
            request.Value = len(fired)
        elif request.IsUser:
            request.Value = int(machine.ElapsedVirtualTime.TimeElapsed.Ticks)
        """
    )
    assert device.read(0, 4) == 0
    world.clock.microseconds(7.4)
    assert device.read(0, 4) == 1
    world.clock.microseconds(0.1)
    assert device.read(0, 4) == 2
    assert device.control_read(0, 0) == 7500


def test_errors_in_callbacks_are_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.script(
        """
        from Antmicro.Renode.Time import TimeInterval
        def late(_):
            oops
        self.GetMachine().ScheduleAction(TimeInterval.FromTicks(1), late)
        """
    ).read(0, 4)
    world.clock.microseconds(1)
    assert "<script of dev>:4: NameError" in caplog.text


def test_events_add_and_remove_handlers(world: World) -> None:
    slave = DummyI2CSlave(world, "slave")
    world.found["sysbus.i2c1.slave"] = slave
    device = world.script(
        """
        if request.IsInit:
            got = []
            slave = self.GetMachine()["sysbus.i2c1.slave"]
            def received(data):
                got.extend(data[:data.Length])
            def asked(count):
                for index in range(count):
                    slave.EnqueueResponseByte(0x70 + index)
            slave.DataReceived += received
            slave.ReadRequested += asked
        elif request.IsRead:
            request.Value = len(got)
        else:
            slave.DataReceived -= received
        """
    )
    assert device.read(0, 4) == 0
    slave.write(b"\x01\x02")
    assert slave.read(2) == b"\x70\x71"
    assert device.read(0, 4) == 2
    device.write(0, 4, 0)
    slave.write(b"\x03")
    assert device.read(0, 4) == 2


def test_imports_are_the_scripts_own(world: World, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"\xab\xcd")
    device = world.script(
        f"""
        import clr, System, os
        clr.AddReference("Infrastructure")
        from System.IO import File
        import System.IO.Path as Path
        data = File.ReadAllBytes(Path.Combine({str(tmp_path)!r}, "data.bin"))
        request.Value = data[0] << 8 | data[1] | (System.Environment.GetEnvironmentVariable("NO_SUCH") is None) << 16
        """
    )
    assert device.read(0, 4) == 0x1ABCD
    assert not {"System", "Antmicro", "clr"} & set(sys.modules)


def test_an_import_that_is_not_there_says_what_is(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.script("from Antmicro.Renode.Time import Clock").read(0, 4)
    assert "Antmicro.Renode.Time has no Clock here; it has TimeInterval, TimeStamp" in caplog.text


def test_log_methods(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(5, logger="sim.dev"):
        world.script(
            """
            self.NoisyLog("n %d" % 1)
            self.WarningLog("w {0:X}", 255)
            self.Log(LogLevel.Info, "i")
            """,
            initable=False,
        ).read(0, 4)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(5, "n 1"), (30, "w FF"), (20, "i")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "dev: expected exactly one of `script` and `filename`"),
        ({"script": "x", "filename": Path("x")}, "dev: expected exactly one"),
        ({"filename": Path("/no/such.py")}, "dev: no script at /no/such.py"),
        ({"script": "a = \n"}, "<script of dev>:1: not a valid script"),
    ],
)
def test_bad_scripts_are_refused(world: World, options: dict[str, object], message: str) -> None:
    with pytest.raises(CrosscamError) as caught:
        PythonPeripheral(world, "dev", size=4, **options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_a_block_is_what_the_script_leaves(world: World, caplog: pytest.LogCaptureFixture) -> None:
    device = world.script("if request.IsUser and request.Offset == 3: request.Block = bytearray([1, 2, 3])", "a")
    assert bytes(device.control_read_block(3)) == b"\1\2\3"
    assert device.control_read_block(4) == b"", "nothing is left over from the time before"
    assert not caplog.records
    other = world.script("if request.IsUser: request.Block = 7", "b")
    assert other.control_read_block(3) == b""
    assert "request.Block is 7: expected bytes" in caplog.text


def test_a_script_that_is_a_pipe_or_no_text_is_refused(world: World, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "bytes.py").write_bytes(b"\xff")
    for name, says in (("pipe.py", "it is a pipe or a device"), ("bytes.py", "codec")):
        with pytest.raises(CrosscamError, match=f"no script at .*{name}: .*{says}"):
            PythonPeripheral(world, "dev", size=4, filename=tmp_path / name)
