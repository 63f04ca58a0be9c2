"""The camera script: SCCB, clock and pins, frame rate, format, window, patterns, and the photographs before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.frames.order import shuffled
from sim.tests.camera_bench import (
    CR,
    CROP,
    CWSIZE,
    CWSTRT,
    FRAME,
    ICR,
    IER,
    MHZ,
    OVERRUN,
    RIGHT_POLARITY,
    RIS,
    VSYNC,
    Bench,
    write_frames,
)
from sim.tests.camera_bench import test_card as card

FRAME_US = 33_320
NONE = 0xFFFFFFFF
BARS = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)]


@pytest.fixture
def frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CROSSCAM_FRAMES", str(write_frames(tmp_path / "frames", [card(seed) for seed in range(3)])))
    return tmp_path / "frames"


@pytest.fixture
def bench(frames: Path) -> Bench:
    """A powered camera as it is after reset."""
    return Bench().power()


def shown(bench: Bench, width: int = 320, height: int = 240, **changes: int) -> NDArray[np.uint16]:
    """The picture after the usual settings and ``changes`` (``r1E=0x20``)."""
    bench.configure(**changes)
    bench.clock.run(2 * FRAME_US)
    bench.sysbus.ram[:] = bytes(len(bench.sysbus.ram))
    assert bench.capture(words=65000) & FRAME
    return bench.picture(width, height)


# SCCB


def test_the_sensor_says_who_it_is(bench: Bench) -> None:
    assert bench.sccb_read(0x0A) + bench.sccb_read(0x0B) == b"\x76\x73"
    assert bench.sccb_read(0x1C) + bench.sccb_read(0x1D) == b"\x7f\xa2"


def test_registers_are_kept_but_identification_is_read_only(bench: Bench) -> None:
    bench.sccb_write(0x55, 0xA5)
    assert bench.sccb_read(0x55) == b"\xa5"
    for register, value in ((0x0A, 0x76), (0x0B, 0x73), (0x1C, 0x7F), (0x1D, 0xA2)):
        bench.sccb_write(register, 0)
        assert bench.sccb_read(register) == bytes([value])


def test_reset_values_are_those_of_the_datasheet(bench: Bench) -> None:
    some = {0x00: 0x00, 0x03: 0x00, 0x11: 0x80, 0x12: 0x00, 0x17: 0x11, 0x18: 0x61, 0x19: 0x03, 0x1A: 0x7B, 0x32: 0x80}
    some |= {0x3A: 0x0D, 0x40: 0xC0, 0x6B: 0x0A, 0x70: 0x3A, 0x71: 0x35, 0x72: 0x11, 0x73: 0x00, 0xC9: 0xC0}
    for register in range(256):
        bench.sccb_write(register, 0x5A if register != 0x12 else 0x14)
    bench.sccb_write(0x12, 0x80)
    for register, value in some.items():
        assert bench.sccb_read(register) == bytes([value]), f"register 0x{register:02X}"
    assert bench.sccb_read(0x16) == b"\x00"


def test_several_bytes_go_to_following_registers(bench: Bench) -> None:
    bench.sccb_write(0x4F, 1, 2, 3)
    assert bench.sccb_read(0x4F, 3) == b"\x01\x02\x03"


def test_a_repeated_start_is_noticed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    bench.slave.write(b"\x0a")
    assert bench.slave.read(1) == b"\x76"
    assert "repeated START" in caplog.text


# Clock and pins


def test_without_its_clock_the_camera_is_dead(bench: Bench) -> None:
    bench.rcc.values[0x10] = 0  # MCO1PRE = 0: off
    bench.sccb_write(0x55, 0xA5)
    assert bench.sccb_read(0x0A) == b"\x00"
    bench.configure()
    assert bench.capture() == 0
    bench.rcc.values[0x10] = 3 << 22 | 2 << 18
    assert bench.sccb_read(0x0A) == b"\x76"
    assert bench.sccb_read(0x55) == b"\x00", "what was written while it was dead is lost"


def test_the_pin_must_be_mco1(bench: Bench) -> None:
    bench.pad("A8", 1)
    assert bench.sccb_read(0x0A) == b"\x00"
    bench.pad("A8", 0, mode=0)
    assert bench.sccb_read(0x0A) == b"\x00"


@pytest.mark.parametrize(
    ("registers", "hertz"),
    [
        ({0x10: 3 << 22 | 2 << 18}, 24_000_000),
        ({0x10: 3 << 22 | 4 << 18}, 12_000_000),
        ({0x10: 3 << 22 | 2 << 18, 0x00: 0x00010001}, 0),  # PLL1 off
        ({0x10: 3 << 22 | 2 << 18, 0x2C: 0}, 0),  # its output Q off
        ({0x10: 3 << 22 | 2 << 18, 0x28: 1 << 4 | 3}, 0),  # PLL without a source
        ({0x10: 3 << 22 | 2 << 18, 0x2C: 1 << 17 | 1, 0x34: 4096 << 3}, 24_100_000),
        ({0x10: 4 << 22 | 2 << 18, 0x00: 1 << 12}, 24_000_000),  # HSI48
        ({0x10: 4 << 22 | 2 << 18, 0x00: 1}, 0),  # HSI48 off
        ({0x10: 2 << 22 | 1 << 18}, 8_000_000),  # HSE
        ({0x10: 0 << 22 | 4 << 18}, 16_000_000),  # HSI
        ({0x10: 0 << 22 | 1 << 18, 0x00: 1 | 2 << 3}, 16_000_000),  # HSI / 4
        ({0x10: 1 << 22 | 1 << 18}, 32_768),  # LSE
    ],
)
def test_xclk_is_what_rcc_makes_of_mco1(bench: Bench, registers: dict[int, int], hertz: int) -> None:
    bench.rcc.values.update(registers)
    assert bench.ask(0x15) == hertz


def test_a_clock_out_of_range_is_logged_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.rcc.values[0x10] = 2 << 22 | 1 << 18
    bench.sccb_read(0x0A)
    bench.sccb_read(0x0A)
    assert [record.message for record in caplog.records] == ["XCLK is 8000000 Hz, the OV7670 wants 10 to 48 MHz"]


def test_the_reset_pin_holds_registers_and_video(bench: Bench) -> None:
    bench.configure()
    bench.output("G2", 0)
    assert bench.sccb_read(0x12) == b"\x00"
    assert bench.capture() == 0
    bench.output("G2", 1)
    assert bench.sccb_read(0x0A) == b"\x76"
    assert bench.sccb_read(0x40) == b"\xc0", "back at its reset value"


def test_power_down_stops_the_camera_and_keeps_its_registers(bench: Bench) -> None:
    bench.configure()
    bench.output("G3", 1)
    assert bench.sccb_read(0x0A) == b"\x00"
    assert bench.capture() == 0
    bench.output("G3", 0)
    assert bench.sccb_read(0x12) == b"\x14"
    bench.write(CR, 0)
    bench.clock.run(2 * FRAME_US)
    assert bench.capture() & (FRAME | OVERRUN) == FRAME
    assert (bench.picture() == card(0)).all()


def test_soft_sleep_stops_the_video_but_not_sccb(bench: Bench) -> None:
    bench.configure(r09=0x11)
    assert bench.ask(0x16) == 0
    assert bench.capture() == 0
    assert bench.sccb_read(0x12) == b"\x14"
    bench.sccb_write(0x09, 0x01)
    assert bench.ask(0x16) == FRAME_US * 1000


def test_an_uninitialised_camera_is_woken_by_a_capture(frames: Path) -> None:
    bench = Bench()
    bench.capture(wait_us=1)
    assert bench.ask(0x15) == 0
    bench.power()
    bench.write(CR, 0)
    bench.capture(wait_us=2 * FRAME_US)
    assert bench.ask(0x16) == FRAME_US * 1000


# Frame rate


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({}, 1),
        ({"r11": 0x80}, 1),
        ({"r11": 0x01}, 2),
        ({"r11": 0x1F}, 32),
        ({"r11": 0x41}, 1),  # bit 6: the prescaler is bypassed
        ({"r6B": 0x4A}, 1 / 4),
        ({"r6B": 0x8A, "r11": 0x02}, 3 / 6),
        ({"r6B": 0xCA, "r11": 0x03}, 4 / 8),
        ({"r2D": 0xFE, "r2E": 0x01}, 2),  # 510 dummy lines
        ({"r92": 0xFF, "r93": 0x00}, 1.5),
        ({"r2A": 0x30, "r2B": 0x10}, 2),  # 784 dummy pixels
    ],
)
def test_the_frame_period_follows_clock_and_dummy_lines(bench: Bench, changes: dict[str, int], factor: float) -> None:
    bench.configure(**changes)
    bench.clock.run(2 * FRAME_US)
    assert bench.ask(0x16) == pytest.approx(FRAME_US * 1000 * factor, abs=1)


def test_frames_come_at_that_period(bench: Bench) -> None:
    bench.configure(r11=0x01)
    bench.clock.run(2 * FRAME_US)
    bench.write(CR, RIGHT_POLARITY)
    moments: list[int] = []
    while len(moments) < 5:
        bench.write(ICR, VSYNC)
        while not bench.read(RIS) & VSYNC:
            bench.clock.run(10)
        moments.append(bench.clock.now)
    steps = np.diff(moments) / MHZ
    assert steps == pytest.approx([2 * FRAME_US] * 4, abs=20)


def test_period_is_kept_to_the_nanosecond_over_many_frames(bench: Bench) -> None:
    bench.configure()
    bench.clock.run(2 * FRAME_US)
    bench.write(CR, RIGHT_POLARITY)
    bench.write(IER, VSYNC)
    start = bench.nvic.rises.get(78, 0)
    for _ in range(300):
        bench.clock.run(FRAME_US)
        bench.write(ICR, VSYNC)
    assert bench.nvic.rises[78] - start in (299, 300, 301)


# Format


def test_high_byte_first_unless_com3_swaps(bench: Bench) -> None:
    assert (shown(bench, r0C=0x04) == card(0).byteswap()).all()


def test_rgb555(bench: Bench) -> None:
    red, green, blue = card(0) >> 11, card(0) >> 5 & 63, card(0) & 31
    assert (shown(bench, r40=0xF0) == (red << 10 | (green >> 1) << 5 | blue)).all()


@pytest.mark.parametrize(("word", "shift"), [(0x02, 0), (0x03, 4)])
def test_rgb444_with_the_empty_nibble_first_or_last(bench: Bench, word: int, shift: int) -> None:
    red, green, blue = card(0) >> 12, card(0) >> 7 & 15, card(0) >> 1 & 15
    assert (shown(bench, r8C=word) == (red << 8 | green << 4 | blue) << shift).all()


def test_output_range_clips(frames: Path) -> None:
    frame = np.tile(np.array([0x0000, 0xFFFF], np.uint16), (240, 160))
    write_frames(frames, [frame])
    seen = shown(Bench().power(), r40=0x10)  # 10..F0
    assert (seen[:, 0] == (2 << 11 | 4 << 5 | 2)).all() and (seen[:, 1] == (30 << 11 | 60 << 5 | 30)).all()


def yuv(frame: NDArray[np.uint16]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Full-range BT.601 of RGB565, in floating point."""
    red, green, blue = (frame >> 11).astype(int), (frame >> 5 & 63).astype(int), (frame & 31).astype(int)
    r, g, b = red * 255 / 31, green * 255 / 63, blue * 255 / 31
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    u, v = 128 + 0.564 * (b - luma), 128 + 0.713 * (r - luma)
    return luma.round().astype(int), u.round().astype(int), v.round().astype(int)


@pytest.mark.parametrize(
    ("tslb", "com13", "order"), [(0x04, 0x88, "yuyv"), (0x04, 0x89, "yvyu"), (0x0C, 0x88, "uyvy"), (0x0C, 0x89, "vyuy")]
)
def test_yuv_orders(bench: Bench, tslb: int, com13: int, order: str) -> None:
    shown(bench, r12=0x10, r0C=0x04, r3A=tslb, r3D=com13)
    data = np.frombuffer(bytes(bench.sysbus.ram[:153600]), np.uint8).reshape(240, 160, 4).astype(int)
    luma, u, v = yuv(card(0))
    expected = {"y": [luma[:, ::2], luma[:, 1::2]], "u": [u[:, ::2]], "v": [v[:, ::2]]}
    for position, name in enumerate(order):
        assert np.abs(data[..., position] - expected[name].pop(0)).max() <= 3, f"{name} at {position}"


def test_raw_bayer_is_one_byte_a_pixel(bench: Bench) -> None:
    shown(bench, r12=0x11)
    data = np.frombuffer(bytes(bench.sysbus.ram[:76800]), np.uint8).reshape(240, 320)
    red, green, blue = card(0) >> 11, card(0) >> 5 & 63, card(0) & 31
    assert (data[::2, ::2] >> 3 == blue[::2, ::2]).all()
    assert (data[1::2, 1::2] >> 3 == red[1::2, 1::2]).all()
    assert (data[::2, 1::2] >> 2 == green[::2, 1::2]).all() and (data[1::2, ::2] >> 2 == green[1::2, ::2]).all()


def test_grb422(bench: Bench) -> None:
    shown(bench, r40=0xC0, r0C=0x04)
    data = np.frombuffer(bytes(bench.sysbus.ram[:153600]), np.uint8).reshape(240, 160, 4)
    assert (data[..., 0] >> 2 == (card(0) >> 5 & 63)[:, ::2]).all()
    assert (data[..., 1] >> 3 == (card(0) >> 11)[:, ::2]).all()
    assert (data[..., 3] >> 3 == (card(0) & 31)[:, 1::2]).all()


def test_negative(bench: Bench) -> None:
    assert (shown(bench, r3A=0x24) == ~card(0)).all()


# Size and window


def test_qvga_by_com7_alone(bench: Bench) -> None:
    seen = shown(bench, r0C=0x40, r3E=0x00, r73=0xF0, r17=0x15, r18=0x03, r32=0x00, r19=0x03, r1A=0x7B, r03=0x00)
    assert (seen == card(0)).all()


def test_vga_doubles_every_pixel(bench: Bench) -> None:
    bench.configure(r12=0x04, r0C=0x40, r3E=0x00, r17=0x13, r18=0x01, r32=0xB6, r19=0x02, r1A=0x7A, r03=0x0A)
    bench.clock.run(2 * FRAME_US)
    bench.write(CWSTRT, 100 << 16)  # a quarter of it by crop, the bench has no room for more
    bench.write(CWSIZE, 239 << 16 | 639)
    assert bench.capture(words=38400, control=RIGHT_POLARITY | CROP) & (FRAME | OVERRUN) == FRAME
    assert (bench.picture() == card(0)[50:170].repeat(2, 0)[:, :160].repeat(2, 1)).all()


@pytest.mark.parametrize(
    ("com7", "window", "size"), [(0x0C, "39 03 80 03 7B 00", (176, 144)), (0x24, "15 0B 12 03 7B 0A", (352, 288))]
)
def test_cif_and_qcif_show_the_whole_scene(bench: Bench, com7: int, window: str, size: tuple[int, int]) -> None:
    width, height = size
    hstart, hstop, href, vstrt, vstop, vref = (int(value, 16) for value in window.split())
    shown(bench, r12=com7, r0C=0x40, r3E=0, r17=hstart, r18=hstop, r32=href, r19=vstrt, r1A=vstop, r03=vref)
    assert bench.dcmi.control_read(0x12, 0) == width * height // 2


def test_down_sampling_by_four(bench: Bench) -> None:
    seen = shown(bench, 160, 120, r3E=0x1A, r72=0x22, r73=0xF2)
    assert (seen == card(0)[::2, ::2]).all()


@pytest.mark.parametrize("clocks", [1, 2], ids=["by 2", "by 4"])
def test_clocks_divided_without_down_sampling_thin_out_the_columns(bench: Bench, clocks: int) -> None:
    """A published table for 160x120 leaves COM3 at 0: scaler and bus are both slow, so bytes stay in order; lines are
    all there, 4:1 across and 1:1 down."""
    divider = 1 << clocks
    bench.configure(r12=0x00, r0C=0x00, r3D=0x40, r3A=0x0C, r3E=0x18 | clocks, r72=0x22, r73=0xF0 | clocks)
    bench.configure("17:16 18:04 32:A4 19:02 1A:7A 03:0A")
    bench.clock.run(2 * FRAME_US)
    bench.capture(words=65000)
    data = np.frombuffer(bytes(bench.sysbus.ram[: 40 * 1280 // divider]), np.uint8).reshape(40, -1, 4).astype(int)
    scene = card(0).repeat(2, 0).repeat(2, 1)[:40, ::divider]
    luma, u, v = yuv(scene)
    for position, expected in enumerate((u[:, ::2], luma[:, ::2], v[:, ::2], luma[:, 1::2])):
        assert np.abs(data[..., position] - expected).max() <= 3


def test_a_window_that_starts_late_shifts_the_picture_and_lets_black_in(bench: Bench) -> None:
    seen = shown(bench, r17=0x17, r18=0x05)  # 8 columns of the array, 4 pixels here
    assert (seen[:, :316] == card(0)[:, 4:]).all() and not seen[:, 316:].any()


def test_a_window_that_starts_early_has_black_on_the_left(bench: Bench) -> None:
    seen = shown(bench, r17=0x15, r18=0x03)
    assert not seen[:, :4].any() and (seen[:, 4:] == card(0)[:, :316]).all()


def test_a_vertical_shift(bench: Bench) -> None:
    seen = shown(bench, r19=0x03, r1A=0x7B)  # 4 lines of the array, 2 here
    assert (seen[:238] == card(0)[2:]).all() and not seen[238:].any()


def test_a_narrow_window_makes_short_lines(bench: Bench) -> None:
    seen = shown(bench, 316, 240, r18=0x03)
    assert (seen == card(0)[:, :316]).all()
    assert bench.dcmi.control_read(0x12, 0) == 316 * 240 // 2


def test_fewer_lines(bench: Bench) -> None:
    shown(bench, r1A=0x70)
    assert bench.dcmi.control_read(0x12, 0) == 160 * 220


def test_a_window_upside_down_gives_no_lines(bench: Bench) -> None:
    bench.configure(r19=0x7A, r1A=0x02)
    bench.clock.run(2 * FRAME_US)
    assert bench.capture() & (FRAME | OVERRUN) == FRAME
    assert bench.captured == []


def test_mirror_and_flip(bench: Bench) -> None:
    assert (shown(bench, r1E=0x20) == card(0)[:, ::-1]).all()
    bench.ask(0x13)
    assert (shown(bench, r1E=0x10) == card(0)[::-1]).all()


def test_a_pixel_clock_too_fast_repeats_pixels(bench: Bench) -> None:
    bench.configure(r3E=0x18)
    bench.clock.run(2 * FRAME_US)
    assert bench.capture() & OVERRUN, "twice the bytes"
    seen = np.frombuffer(bytes(bench.sysbus.ram[:1280]), np.uint8).reshape(640, 2)
    assert (seen[:, 0] == seen[:, 1]).all() and (seen[:, 0] == card(0)[0].view(np.uint8)).all()


def test_a_scaler_clock_that_is_not_divided_shows_half_the_picture(bench: Bench) -> None:
    assert (shown(bench, r73=0xF0) == card(0)[:, :160].repeat(2, 1)).all()


# Test patterns


def expected_bars() -> NDArray[np.uint16]:
    row = [r * 31 << 11 | g * 63 << 5 | b * 31 for r, g, b in BARS]
    return np.tile(np.repeat(np.array(row, np.uint16), 40), (240, 1))


@pytest.mark.parametrize("changes", [{"r71": 0xB5}, {"r42": 0x08}])
def test_colour_bars(bench: Bench, changes: dict[str, int]) -> None:
    assert (shown(bench, **changes) == expected_bars()).all()


def test_sensor_bars_lie_over_the_picture(bench: Bench) -> None:
    seen = shown(bench, r12=0x16)
    red, bars = (seen >> 11).astype(int), (expected_bars() >> 11).astype(int)
    assert np.abs(red - (bars + (card(0) >> 11).astype(int)) / 2).max() <= 1


def test_shifting_one(bench: Bench) -> None:
    shown(bench, r70=0xBA)
    assert bytes(bench.sysbus.ram[:8]) == bytes([2, 1, 8, 4, 32, 16, 128, 64])


def test_bars_that_fade_to_grey(bench: Bench) -> None:
    seen = shown(bench, r70=0xBA, r71=0xB5)
    assert (seen[0] == expected_bars()[0]).all()
    bottom = seen[239]
    assert np.abs((bottom >> 11).astype(int) - 16).max() <= 1


# The photographs


def test_photographs_come_in_order_and_again(bench: Bench) -> None:
    bench.configure()
    bench.clock.run(2 * FRAME_US)
    for index in range(5):
        bench.capture()
        assert (bench.picture() == card(index % 3)).all()
    assert bench.captured == [0, 1, 2, 0, 1]
    assert bench.ask(0x12) == 2 and bench.ask(0x14) == 3 and bench.ask(0x11, 9) == NONE


def test_the_scene_waits_for_the_capture(bench: Bench) -> None:
    bench.configure()
    bench.clock.run(20 * FRAME_US)
    assert bench.ask(0x12) == 0


def test_advance_vsync_moves_with_every_frame(frames: Path) -> None:
    write_frames(frames, [card(seed) for seed in range(3)], advance="vsync")
    bench = Bench().power().configure()
    seen = set()
    for _ in range(6):
        bench.clock.run(FRAME_US)
        seen.add(bench.ask(0x12))
    assert seen == {0, 1, 2} and bench.captured == []
    bench.capture()
    (index,) = bench.captured
    assert (bench.picture() == card(index)).all()


def test_without_loop_the_last_one_stays(frames: Path) -> None:
    write_frames(frames, [card(0), card(1)], loop=False)
    bench = Bench().power().configure()
    bench.clock.run(2 * FRAME_US)
    for _ in range(4):
        bench.capture()
    assert bench.captured == [0, 1, 1, 1]


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**40 + 7])
def test_shuffling_is_the_librarys(frames: Path, seed: int) -> None:
    small = [np.full((3, 4), index, np.uint16) for index in range(11)]
    write_frames(frames, small, order="shuffle", seed=seed, advance="vsync")
    bench = Bench().power().configure()
    bench.clock.run(FRAME_US / 2)
    order = []
    for _ in range(12):
        order.append(bench.ask(0x12))
        bench.clock.run(FRAME_US)
    assert order[:11] == shuffled(11, seed) and order[11] == order[0]


def test_rewind_starts_over(bench: Bench) -> None:
    bench.configure()
    bench.clock.run(2 * FRAME_US)
    bench.capture()
    bench.camera.control_write(0x13, 0)
    assert bench.captured == [] and bench.ask(0x12) == 0


def test_a_reset_of_the_machine_starts_the_show_again(bench: Bench) -> None:
    bench.configure()
    bench.clock.run(2 * FRAME_US)
    bench.capture()
    bench.camera.reset()
    assert bench.ask(0x10) == 0 and bench.sccb_read(0x12) == b"\x00"
    bench.configure()
    bench.clock.run(2 * FRAME_US)
    assert bench.capture() & (FRAME | OVERRUN) == FRAME
    assert (bench.picture() == card(0)).all()
    assert bench.clock.run(10 * FRAME_US) <= 21, "only one beam runs"


def test_a_folder_of_another_size_is_scaled(frames: Path) -> None:
    write_frames(frames, [card(0, 160, 120)])
    assert (shown(Bench().power()) == card(0, 160, 120).repeat(2, 0).repeat(2, 1)).all()


def test_without_photographs_it_sees_black(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSCAM_FRAMES", raising=False)
    bench = Bench().power()
    assert not shown(bench).any()
    assert bench.dcmi.control_read(0x12, 0) == 38400 and bench.ask(0x14) == 0 and bench.ask(0x12) == NONE


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": "png", "width": 1, "height": 1, "frames": [{"file": "a"}]}']
)
def test_a_damaged_listing_is_logged_not_raised(frames: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    (frames / "frames.json").write_text(text)
    bench = Bench().power()
    assert bench.ask(0x14) == 0
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "no frames from" in caplog.text
    assert bench.sccb_read(0x0A) == b"\x76"


@pytest.mark.parametrize("size", [0, 100, None])
def test_a_damaged_frame_is_logged_and_black(frames: Path, size: int | None, caplog: pytest.LogCaptureFixture) -> None:
    if size is None:
        (frames / "0000.rgb565").unlink()
    else:
        (frames / "0000.rgb565").write_bytes(bytes(size))
    bench = Bench().power()
    assert not shown(bench).any()
    assert "0000.rgb565" in caplog.text and {record.levelname for record in caplog.records} == {"ERROR"}
    bench.capture()
    assert (bench.picture() == card(1)).all()


def test_the_folder_can_be_changed_while_running(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSCAM_FRAMES", str(write_frames(tmp_path / "other", [card(7)])))
    bench.ask(0x18)
    assert bench.ask(0x14) == 1
    assert (shown(bench) == card(7)).all()


def test_unknown_commands_are_logged_not_raised(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.ask(0x77, 1)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert bench.sccb_read(0x0A) == b"\x76"
