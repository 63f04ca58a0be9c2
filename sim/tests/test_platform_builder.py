"""Descriptions -> devices: types, parameters, wiring, registration, inheritance between files."""

from __future__ import annotations

import enum
import logging
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.engine.devices.base import Device, Services
from sim.engine.platform import Registry, load_repl, load_repl_string
from sim.errors import CrosscamError


class Series(enum.Enum):
    F4 = 1
    H7_PLUS = 2


class Receiver(Device):
    RENODE_TYPES = ("Test.Receiver",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.levels: dict[int, bool] = {}
        self.locals: dict[int, Receiver] = {}

    def on_gpio(self, number: int, value: bool) -> None:
        self.levels[number] = value

    def local_receiver(self, index: int) -> Receiver:
        return self.locals.setdefault(index, Receiver(self.services, f"{self.name}#{index}"))


class Sender(Device):
    RENODE_TYPES = ("Test.Sender",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        for key in ("IRQ", "Other", 0, 1, 2):
            self.add_output(key)


class Rich(Device):
    RENODE_TYPES = ("Test.Rich", "Test.RichAlias")
    RENODE_MEMBERS = ("Limit",)

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        frequency: int,
        numberless: float = 0.5,
        is_on: bool = False,
        label: str | None = None,
        series: Series = Series.F4,
        pairs: list[list[int]] | None = None,
        peer: Receiver | None = None,
        source: Path | None = None,
        anything: Any = None,
    ) -> None:
        super().__init__(services, name)
        self.given = {
            "frequency": frequency,
            "numberless": numberless,
            "is_on": is_on,
            "label": label,
            "series": series,
            "pairs": pairs,
            "peer": peer,
            "source": source,
            "anything": anything,
        }
        self.limit = 7


class FakeMachine:
    """Keeps what the builder registers."""

    name = "fake"

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.on_reset: list[Callable[[], None]] = []
        self.board_files: list[str] = []
        self.places: list[tuple[str, int | None, int | None, str | None, int]] = []
        self.log = logging.getLogger("sim.fake")

    def register(
        self,
        path: str,
        device: Device,
        address: int | None = None,
        size: int | None = None,
        *,
        parent: Device | None = None,
        point: int = 0,
    ) -> None:
        self.devices[path] = device
        self.places.append((path, address, size, parent.name if parent else None, point))


def build(text: str, **options: Any) -> FakeMachine:
    machine = FakeMachine()
    registry = Registry([Receiver, Sender, Rich])
    load_repl_string(machine, textwrap.dedent(text), registry=registry, file="x.repl", **options)  # type: ignore[arg-type]
    return machine


def refused(text: str, **options: Any) -> str:
    with pytest.raises(CrosscamError) as caught:
        build(text, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def rich(machine: FakeMachine, path: str = "sysbus.r") -> dict[str, Any]:
    device = machine.devices[path]
    assert isinstance(device, Rich)
    return device.given


def levels(machine: FakeMachine, path: str) -> dict[int, bool]:
    device = machine.devices[path]
    assert isinstance(device, Receiver)
    return device.levels


def test_parameters_arrive_converted(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("pass")
    machine = build(
        """
        r: Test.Rich @ sysbus 0x10
            frequency: 480_000_000
            numberless: 2
            isOn: true
            label: "hello"
            series: Series.H7Plus
            pairs: [[0, 1], [1, 3]]
            peer: n
            source: "script.py"
            anything: <0x10, +0x20>
            Limit: 9
        n: Test.Receiver @ none
        """,
        search=[tmp_path],
    )
    assert rich(machine) == {
        "frequency": 480_000_000,
        "numberless": 2.0,
        "is_on": True,
        "label": "hello",
        "series": Series.H7_PLUS,
        "pairs": [[0, 1], [1, 3]],
        "peer": machine.devices["n"],
        "source": (tmp_path / "script.py").resolve(),
        "anything": (0x10, 0x30),
    }
    assert machine.devices["sysbus.r"].limit == 9  # type: ignore[attr-defined]


def test_full_names_aliases_and_inline_objects() -> None:
    machine = build(
        """
        r: Antmicro.Renode.Peripherals.Test.RichAlias @ sysbus 4
            frequency: 1
            peer: new Test.Receiver
        """
    )
    assert isinstance(rich(machine)["peer"], Receiver)


def test_registration_points() -> None:
    machine = build(
        """
        a: Test.Receiver @ sysbus <0x100, +0x40>
        b: Test.Receiver @ {
            sysbus 0x10;
            sysbus new Bus.BusRangeRegistration { address: 0x20; size: 0x8 }
            } as "bee"
        c: Test.Receiver @ b 0x21
        d: Test.Receiver @ c
        e: Test.Receiver @ none
        """
    )
    assert machine.places == [
        ("sysbus.a", 0x100, 0x40, None, 0),
        ("sysbus.bee", 0x10, None, None, 0),
        ("sysbus.bee", 0x20, 8, None, 0),
        ("sysbus.bee.c", None, None, "bee", 0x21),
        ("sysbus.bee.c.d", None, None, "c", 0),
        ("e", None, None, None, 0),
    ]


def test_wiring_drives_inputs() -> None:
    machine = build(
        """
        s: Test.Sender @ none
            -> n@78
            Other -> n@1 | m@2
            [0-1] -> n@[10, 11]
            2 -> n#3@4
        n: Test.Receiver @ none
        m: Test.Receiver @ none
        """
    )
    outputs = machine.devices["s"].outputs
    for key in ("IRQ", "Other", 0, 2):
        outputs[key].set(True)
    assert levels(machine, "n") == {78: True, 1: True, 10: True, 11: False}
    assert levels(machine, "m") == {2: True}
    assert machine.devices["n"].local_receiver(3).levels == {4: True}  # type: ignore[attr-defined]


def test_several_outputs_on_one_input_are_ored() -> None:
    machine = build("s: Test.Sender @ none\n    [0, 1] -> n@[5, 5]\nn: Test.Receiver @ none\n")
    outputs = machine.devices["s"].outputs
    outputs[0].set(True)
    outputs[1].set(True)
    outputs[0].set(False)
    assert levels(machine, "n") == {5: True}
    outputs[1].set(False)
    assert levels(machine, "n") == {5: False}


def test_a_file_adds_to_what_it_uses(tmp_path: Path) -> None:
    (tmp_path / "chip").mkdir()
    (tmp_path / "chip" / "chip.repl").write_text(
        textwrap.dedent(
            """
            r: Test.Rich @ sysbus 0x10
                frequency: 1
                label: "old"
                isOn: true
            s: Test.Sender @ none
                IRQ -> n@1
                Other -> n@2
                0 -> n@3
            n: Test.Receiver @ none
            """
        )
    )
    (tmp_path / "board.repl").write_text(
        textwrap.dedent(
            """
            using "./chip/chip.repl"
            r: @ sysbus 0x20
                label: "new"
                isOn: none
            s:
                IRQ -> n@9
                Other -> none
            """
        )
    )
    machine = FakeMachine()
    load_repl(machine, tmp_path / "board.repl", registry=Registry([Receiver, Sender, Rich]))  # type: ignore[arg-type]
    given = rich(machine)
    assert (given["frequency"], given["label"], given["is_on"]) == (1, "new", False)
    assert machine.places[0][:2] == ("sysbus.r", 0x20)
    for line in machine.devices["s"].outputs.values():
        line.set(True)
    assert levels(machine, "n") == {9: True, 3: True}


def test_prefixed_files_keep_their_inner_names(tmp_path: Path) -> None:
    (tmp_path / "part.repl").write_text("s: Test.Sender @ none\n    -> n@1\nn: Test.Receiver @ none\n")
    machine = build('using "part.repl" prefixed "a_"\nusing "part.repl" prefixed "b_"\n', search=[tmp_path])
    machine.devices["a_s"].outputs["IRQ"].set(True)
    assert levels(machine, "a_n") == {1: True} and levels(machine, "b_n") == {1: False}


def test_sections_run_as_commands_and_again_at_reset() -> None:
    ran: list[str] = []
    machine = build(
        """
        r: Test.Receiver @ sysbus 0x10
            preinit:
                include @x
            init:
                WriteByte 1 2
            reset:
                Again
        sysbus:
            init:
                Tag <0x10, 0x20> "name"
        """,
        execute=ran.append,
    )
    assert ran == ["include @x", "sysbus.r WriteByte 1 2", 'sysbus Tag <0x10, 0x20> "name"']
    machine.on_reset[0]()
    assert ran[3:] == ["sysbus.r Again"]


def test_a_second_description_may_add_to_the_first() -> None:
    machine = build("n: Test.Receiver @ sysbus 1\n")
    registry = Registry([Receiver, Sender, Rich])
    load_repl_string(machine, "s: Test.Sender @ n\n    -> n@3\n", registry=registry)  # type: ignore[arg-type]
    machine.devices["sysbus.n.s"].outputs["IRQ"].set(True)
    assert levels(machine, "sysbus.n") == {3: True}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("r: Test.Ritch @ none", "x.repl:1:4: unknown type Test.Ritch: did you mean Test.Rich"),
        ("r: Zzz @ none", "x.repl:1:4: unknown type Zzz: no type has a similar name"),
        (
            "r: Test.Rich @ none\n    frequenzy: 1",
            "x.repl:2:5: Test.Rich has no parameter frequenzy: did you mean frequency?",
        ),
        ("r: Test.Rich @ none", "x.repl:1:4: Test.Rich needs the parameter frequency"),
        (
            'r: Test.Rich @ none\n    frequency: "1"',
            "x.repl:2:16: frequency: expected a whole number, found a string (1)",
        ),
        (
            "r: Test.Rich @ none\n    frequency: 1.5",
            "x.repl:2:16: frequency: expected a whole number, found a number (1.5)",
        ),
        (
            "r: Test.Rich @ none\n    frequency: 1\n    isOn: 1",
            "x.repl:3:11: isOn: expected true or false, found a number",
        ),
        (
            "r: Test.Rich @ none\n    frequency: 1\n    series: Series.H8",
            "x.repl:3:13: series: Series has no H8: expected one of F4, H7_PLUS",
        ),
        ("r: Test.Rich @ none\n    frequency: 1\n    peer: m", "x.repl:3:11: no entry is named m"),
        (
            "r: Test.Rich @ none\n    frequency: 1\n    peer: s\ns: Test.Sender @ none",
            "x.repl:3:11: peer: expected Receiver, found s (Sender)",
        ),
        ("r: Test.Rich @ none\n    frequency: 1\n    Nope: 1", "x.repl:3:5: Rich has no property Nope"),
        ('r: Test.Rich @ none\n    frequency: 1\n    source: "no.py"', "x.repl:3:13: source: no file no.py"),
        ("s: Test.Sender @ none\n    -> n@1", "x.repl:2:8: no entry is named n"),
        ("s: Test.Sender @ none\n    7 -> s@1", "x.repl:2:7: s (Sender) has no output 7: it has IRQ, Other, 0, 1, 2"),
        ("s: Test.Sender @ none\n    -> s@1", "x.repl:2:8: s (Sender) has no inputs"),
        (
            "s: Test.Sender @ none\n    [0-2] -> n@[0-1]\nn: Test.Receiver @ none",
            "x.repl:2:14: expected 3 inputs of n for as many outputs, found 2",
        ),
        (
            "s: Test.Sender @ none\n    0 -> n@1\n    0 -> n@2\nn: Test.Receiver @ none",
            "x.repl:3:7: output s.0 is wired twice in this entry",
        ),
        ("n: Test.Receiver @ none\n    -> n@1", "x.repl:2:5: n (Receiver) has no default output"),
        ("n: Test.Receiver @ none\nn: Test.Receiver @ none", "x.repl:2:1: n was declared before, at x.repl:1:1"),
        ("n:\n    x: 1", "x.repl:1:1: n has no type here or in any file this one uses"),
        ("n: Test.Receiver @ m 1", "x.repl:1:20: no entry is named m"),
        (
            "n: Test.Receiver @ sysbus <1, 2>\nm: Test.Receiver @ n <1, 2>",
            "x.repl:2:23: registration point at n: expected a whole number",
        ),
        ('using "nowhere.repl"', "x.repl:1:7: no file nowhere.repl"),
        ("n: Test.Receiver @ none\n    init:\n        Do", "x.repl:2:5: init sections need a monitor"),
        ("n: Test.Receiver @ none\n    x: 1\n    x: 2", "x.repl:3:5: x is given twice in this entry"),
        (
            "r: Test.Rich @ none { frequency: 1; anything: q }\nq: Test.Rich @ none { frequency: 1; anything: r }",
            "x.repl:1:4: entries need each other in a circle: r -> q -> r",
        ),
    ],
)
def test_messages_name_place_and_remedy(text: str, message: str) -> None:
    assert refused(text).startswith(message), refused(text)


def test_a_circle_of_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.repl").write_text('using "./b.repl"\n')
    (tmp_path / "b.repl").write_text('using "./a.repl"\n')
    with pytest.raises(CrosscamError, match=r"b\.repl:1:7: \./a\.repl uses this file in turn"):
        load_repl(FakeMachine(), tmp_path / "a.repl", registry=Registry([]))  # type: ignore[arg-type]


def test_nothing_is_registered_when_a_setting_is_wrong() -> None:
    machine = FakeMachine()
    with pytest.raises(CrosscamError):
        load_repl_string(
            machine,  # type: ignore[arg-type]
            "n: Test.Receiver @ sysbus 1\nr: Test.Rich @ sysbus 2\n",
            registry=Registry([Receiver, Rich]),
        )
    assert machine.devices == {}
