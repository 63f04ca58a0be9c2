"""Register banks: field modes, lanes of narrow accesses, callbacks, logging of what is not declared."""

from __future__ import annotations

import logging

import pytest

from sim.engine.devices.base import Device, Line
from sim.engine.devices.event import EventHandlers
from sim.engine.devices.registers import Mode, RegisterBank
from sim.tests.fake_services import FakeServices, Probe


@pytest.fixture
def bank() -> RegisterBank:
    return RegisterBank(Device(FakeServices(), "thing"))


def test_narrow_write_leaves_write_one_bits_of_other_lanes(bank: RegisterBank) -> None:
    register = bank.register(0x0, "SR")
    flags = register.field(0, 32, "FLAGS", Mode.WRITE_ONE_TO_CLEAR)
    flags.value = 0xFFFFFFFF
    bank.write(0x1, 1, 0x0F)
    assert flags.value == 0xFFFFF0FF
    bank.write(0x2, 2, 0x8001)
    assert flags.value == 0x7FFEF0FF


def test_write_zero_to_clear_and_write_one_to_set_keep_to_their_lane(bank: RegisterBank) -> None:
    clear = bank.register(0x0, "SR").field(0, 32, "F", Mode.WRITE_ZERO_TO_CLEAR)
    clear.value = 0xFFFFFFFF
    bank.write(0x0, 1, 0xFE)
    assert clear.value == 0xFFFFFFFE
    bank.write(0x0, 4, 0x0FFFFFFF)
    assert clear.value == 0x0FFFFFFE
    up = bank.register(0x4, "SET").field(0, 32, "S", Mode.WRITE_ONE_TO_SET)
    bank.write(0x6, 2, 0x0100)
    assert up.value == 0x01000000


def test_narrow_write_does_not_replay_an_old_write_only_value(bank: RegisterBank) -> None:
    seen: list[int] = []
    register = bank.register(0x0, "BSRR").after_write(seen.append)
    register.field(0, 32, "BSRR", Mode.WRITE)
    bank.write(0x0, 4, 0x00010002)
    bank.write(0x2, 2, 0x0004)
    assert seen == [0x00010002, 0x00040000]
    assert bank.read(0x0, 4) == 0


def test_narrow_write_merges_read_write_fields_and_spares_callbacks_of_others(bank: RegisterBank) -> None:
    calls: list[tuple[str, int]] = []
    register = bank.register(0x0, "CR", reset=0x11223344)
    register.field(0, 8, "LOW", on_write=lambda value: calls.append(("low", value)))
    register.field(8, 16, "MIDDLE", on_change=lambda old, new: calls.append(("middle", old << 16 | new)))
    bank.write(0x1, 1, 0xAA)
    assert bank.read(0x0, 4) == 0x1122AA44
    assert calls == [("middle", 0x2233 << 16 | 0x22AA)]
    bank.write(0x0, 1, 0x55)
    assert calls[-1] == ("low", 0x55)
    assert bank.read(0x0, 2) == 0xAA55 and bank.read(0x1, 1) == 0xAA and bank.read(0x0, 8) == 0x1122AA55


def test_read_only_bits_and_undeclared_bits_keep_their_reset_value(bank: RegisterBank) -> None:
    register = bank.register(0x0, "CR", reset=0x80000010)
    register.field(4, 4, "RO", Mode.READ)
    register.flag(0, "RW")
    bank.write(0x0, 4, 0xFFFFFFFF)
    assert bank.read(0x0, 4) == 0x80000011
    bank.reset()
    assert bank.read(0x0, 4) == 0x80000010


def test_computed_and_read_to_clear_fields(bank: RegisterBank) -> None:
    values = iter([3, 1])
    register = bank.register(0x0, "SR")
    register.field(0, 2, "LIVE", Mode.READ, read=lambda: next(values))
    once = register.flag(8, "ONCE", Mode.READ_TO_CLEAR)
    once.value = 1
    assert bank.read(0x0, 4) == 0x103
    assert bank.read(0x1, 1) == 0, "a read of another lane has no side effect on LIVE"
    assert bank.read(0x0, 4) == 0x001


def test_callbacks_run_after_all_fields_have_their_values(bank: RegisterBank) -> None:
    register = bank.register(0x0, "CR")
    seen: list[tuple[int, int]] = []
    first = register.field(0, 4, "A", on_write=lambda value: seen.append((value, second.value)))
    second = register.field(4, 4, "B")
    bank.write(0x0, 4, 0x21)
    assert seen == [(1, 2)] and int(first) == 1 and bool(second)


def test_storage_with_holes_takes_only_its_bits(bank: RegisterBank) -> None:
    register = bank.register(0x0, "CFG")
    register.flag(1, "FIELD", Mode.READ)
    register.storage(0xF0F3)
    bank.write(0x0, 4, 0xFFFFFFFF)
    assert bank.read(0x0, 4) == 0xF0F1


def test_undeclared_offsets_read_zero_and_are_reported_once(
    bank: RegisterBank, caplog: pytest.LogCaptureFixture
) -> None:
    bank.register(0x0, "CR")
    with caplog.at_level(logging.WARNING):
        assert [bank.read(0x10, 4), bank.read(0x10, 4)] == [0, 0]
        bank.write(0x10, 4, 5)
        assert bank.read(0x2, 4) == 0
    assert [record.getMessage() for record in caplog.records] == [
        "Unhandled read from offset 0x10.",
        "Unhandled write to offset 0x10, value 0x5.",
        "Unhandled read from offset 0x2. 4 bytes: more than one register at once.",
    ]


def test_overlap_and_double_declaration_are_refused(bank: RegisterBank) -> None:
    register = bank.register(0x0, "CR")
    register.field(0, 4, "A")
    with pytest.raises(ValueError, match="overlaps"):
        register.flag(3, "B")
    with pytest.raises(ValueError, match="fit"):
        register.field(30, 3, "C")
    with pytest.raises(ValueError, match="declared twice"):
        bank.register(0x0, "CR")
    with pytest.raises(ValueError, match="misaligned"):
        bank.register(0x6, "CR")


def test_line_tells_changes_only_and_the_level_on_connecting() -> None:
    line, probe = Line("x"), Probe()
    line.set(True)
    line.connect(probe, 7)
    line.connect(probe, 7)
    line.set(True)
    line.pulse()
    assert probe.calls == [(7, True), (7, False)]


def test_event_handlers_are_called_in_order_and_removed_from_the_end() -> None:
    seen: list[str] = []
    event: EventHandlers[[str]] = EventHandlers()

    def first(text: str) -> None:
        seen.append("first " + text)

    event += first
    event += seen.append
    event += first
    event -= first
    event -= print
    event("x")
    assert seen == ["first x", "x"] and len(event) == 2
