"""Touch panel FT5336."""

from __future__ import annotations

import pytest

from sim.engine.devices.parts.ft5336 import Ft5336
from sim.tests.fake_services import FakeServices, Probe


@pytest.fixture
def panel() -> Ft5336:
    made = Ft5336(FakeServices(), "touchscreen")
    made.max_x, made.max_y = 480, 272
    return made


def read(panel: Ft5336, register: int, count: int) -> bytes:
    panel.write(bytes((register,)))
    return panel.read(count)


def test_it_answers_with_its_vendor(panel: Ft5336) -> None:
    assert read(panel, 0xA8, 1) == b"\x51"


def test_a_touch_is_told_and_read_in_one_or_many_transfers(panel: Ft5336) -> None:
    probe = Probe()
    panel.irq.connect(probe, 13)
    panel.move_to(300, 200)
    assert read(panel, 2, 1) == b"\0" and probe.rises == 0
    panel.press()
    assert probe.calls[-2:] == [(13, True), (13, False)]
    assert read(panel, 2, 5) == bytes((1, 2 << 6 | 1, 300 & 0xFF, 0, 200))
    panel.write(b"\x03")
    assert b"".join(panel.read(1) for _ in range(4)) == bytes((2 << 6 | 1, 300 & 0xFF, 0, 200))
    panel.move_to(10, 20)
    assert probe.rises == 2 and read(panel, 3, 4) == bytes((2 << 6, 10, 0, 20))
    panel.release()
    assert probe.rises == 3 and read(panel, 2, 2) == bytes((0, 1 << 6))


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"is_rotated": True}, (20, 10)),
        ({"is_inverted_x": True}, (470, 20)),
        ({"is_inverted_y": True}, (10, 252)),
        ({"is_rotated": True, "is_inverted_x": True}, (20, 470)),
    ],
)
def test_axes(options: dict[str, bool], wanted: tuple[int, int]) -> None:
    panel = Ft5336(FakeServices(), "touchscreen", **options)
    panel.max_x, panel.max_y = 480, 272
    panel.move_to(10, 20)
    panel.press()
    high_x, low_x, high_y, low_y = read(panel, 3, 4)
    assert ((high_x & 15) << 8 | low_x, (high_y & 15) << 8 | low_y) == wanted


def test_settings_read_back_and_status_does_not_change(panel: Ft5336, caplog: pytest.LogCaptureFixture) -> None:
    panel.write(b"\xa4\x01")
    panel.write(b"\x02\x05")
    assert read(panel, 0xA4, 1) == b"\x01" and read(panel, 2, 1) == b"\0"
    assert "register 0x02 is read-only" in caplog.text
    panel.press()
    panel.reset()
    assert read(panel, 0xA4, 1) == b"\0" and read(panel, 2, 1) == b"\0"
    panel.write(b"")
    panel.finish_transmission()
