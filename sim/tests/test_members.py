"""What can be reached of an object by name: only what its class declares, each part of it with a type."""

from __future__ import annotations

import inspect
import typing

import pytest

from sim.engine import members
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.devices.base import Device
from sim.engine.members import Between, Bits, Byte, Int, Pin, ReadOnly, UInt, members_of, script_members_of, signature
from sim.engine.monitor import Monitor
from sim.engine.monitor.faces.core import CoreFace
from sim.engine.names import camel_case
from sim.engine.platform import load_repl_string
from sim.engine.platform.registry import default_registry
from sim.errors import CrosscamError

DEVICES = default_registry().classes


class Lamp:
    RENODE_MEMBERS = ("Level", "Turn", "Total", "Serial")
    SCRIPT_MEMBERS = ("Secret",)
    serial: typing.Annotated[int, ReadOnly()] = 7

    def __init__(self) -> None:
        self.level: int = 0
        self.secret = 1

    level: Byte

    @property
    def total(self) -> UInt:
        return 0

    def turn(self, by: Pin, *others: Int, quick: bool = False) -> None:
        """Has parameters of each kind."""


def test_a_table_is_read_from_annotations() -> None:
    table = members_of(Lamp)
    assert set(table) == {"Level", "Turn", "Total", "Serial"}
    assert set(script_members_of(Lamp)) == {*table, "Secret"}
    assert table["Level"].kind is Byte
    assert table["Level"].settable
    assert not table["Total"].settable
    assert not table["Serial"].settable
    declared = table["Turn"].declared
    assert declared is not None
    assert [(each.name, each.required, each.rest, each.named_only) for each in declared.parameters] == [
        ("by", True, False, False),
        ("others", False, True, False),
        ("quick", False, False, True),
    ]
    assert declared.usage == "by [others...] [quick]"
    assert [members.digits(kind) for kind in (Byte, UInt, Int, str)] == [2, 8, 8, 0]


def test_a_parameter_without_a_type_is_refused() -> None:
    def careless(self: object, value) -> None:  # type: ignore[no-untyped-def]
        pass

    with pytest.raises(TypeError, match="parameter value has no type"):
        signature(careless, 1)


@pytest.mark.parametrize("cls", DEVICES, ids=lambda cls: cls.__name__)
def test_every_device_declares_what_exists_and_gives_it_a_type(cls: type[Device]) -> None:
    from_outside = members_of(CoreFace if issubclass(cls, CortexM) else cls)
    for name, member in {**script_members_of(cls), **from_outside}.items():
        exists = (
            hasattr(cls, member.attribute)
            or name in members_of(CoreFace)
            or any(
                member.attribute in vars(each).get("__annotations__", {}) or f"self.{member.attribute}" in _source(each)
                for each in cls.__mro__
            )
        )
        assert exists, f"{cls.__name__} declares {name} and has no {member.attribute}"
        if member.declared is not None and name in from_outside:
            for parameter in member.declared.parameters:
                _refuse_unlimited(f"{cls.__name__}.{name}: {parameter.name}", parameter.kind)
        elif isinstance(inspect.getattr_static(cls, member.attribute, None), property):
            assert member.kind is not None, f"{cls.__name__}.{name} has no type"


def _refuse_unlimited(what: str, kind: object) -> None:
    """A whole number from outside has a width or limits."""
    if typing.get_origin(kind) is typing.Annotated:
        assert any(isinstance(each, Bits | Between) for each in kind.__metadata__), what  # type: ignore[attr-defined]
        return
    for each in typing.get_args(kind):
        _refuse_unlimited(what, each)
    assert kind is not int, f"{what}: a whole number without limits"


def _source(cls: type) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""


BOARD = """
cpu: CPU.CortexM @ sysbus { cpuType: "cortex-m7"; nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { -> cpu@0 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x1000 }
port: GPIOPort.STM32_GPIOPort @ sysbus <0x58020000, +0x400>
button: Miscellaneous.Button @ port 1
uart: UART.STM32F7_USART @ sysbus 0x40004400 { frequency: 64000000 }
timer: Timers.STM32_Timer @ sysbus 0x40000000 { frequency: 1000; initialLimit: 9 }
"""
OBJECTS = ("cpu", "nvic", "ram", "port", "port.button", "uart", "timer")


@pytest.fixture(scope="module")
def monitor() -> Monitor:
    made = Monitor()
    made.execute("mach create")
    load_repl_string(made.machine, BOARD)
    return made


@pytest.mark.parametrize("name", OBJECTS)
def test_nothing_else_of_an_object_is_reachable(monitor: Monitor, name: str) -> None:
    """Every attribute of the Python object behind a name, in both spellings, with a number and without."""
    device = monitor.machine.device(f"sysbus.{name}")
    before = {each: value for each, value in vars(device).items() if isinstance(value, int | str)}
    shown = monitor.execute(f"sysbus.{name}") + " ".join(map(str, device.outputs))  # outputs show as signals
    hidden = [
        each
        for each in dir(device)
        if camel_case(each)[:1].upper() + camel_case(each)[1:] not in shown and not each.startswith("__")
    ]
    assert len(hidden) > 10
    for attribute in hidden:
        camel = camel_case(attribute)
        for spelling in (attribute, camel[:1].upper() + camel[1:]):
            for rest in ("", " 5"):
                with pytest.raises(CrosscamError):
                    monitor.execute(f"sysbus.{name} {spelling}{rest}")
    assert before == {each: value for each, value in vars(device).items() if isinstance(value, int | str)}


@pytest.mark.parametrize(
    "line",
    [
        "cpu LockUp 5",
        "cpu Hooking 5",
        "sysbus.port Refresh -1",
        "sysbus.port OnGPIO",
        "sysbus.port OnGPIO x true",
        "sysbus.port OnGPIO 99999999999999999999 true",
        "sysbus.uart WriteChar nan",
        "sysbus.ram ZeroRange 0 99999999999999999999999",
        "cpu PerformanceInMips 0",
        "cpu PC 0x",
        "cpu Step -1",
        'emulation RunFor "nan"',
        'emulation RunFor "inf"',
        'emulation RunFor "99999999999999999999:00:00"',
        "machine NoSuch",
        "sysbus ReadBytes 0x20000000 99999999999",
    ],
)
def test_a_bad_argument_is_one_line(monitor: Monitor, line: str) -> None:
    with pytest.raises(CrosscamError) as caught:
        monitor.execute(line)
    assert 0 < len(str(caught.value)) <= 320
    assert str(caught.value).isprintable()


def test_a_misspelt_member_gets_near_names(monitor: Monitor) -> None:
    with pytest.raises(CrosscamError, match="PressAndRelease"):
        monitor.execute("sysbus.port.button PressAndReleas")
