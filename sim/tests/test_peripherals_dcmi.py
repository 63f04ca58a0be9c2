"""The DCMI script: capture modes, FIFO and DMA, interrupts, crop and selection, polarities and pads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.tests.camera_bench import (
    CAPTURE,
    CR,
    CROP,
    CWSIZE,
    CWSTRT,
    DCMI,
    DR,
    ENABLE,
    FRAME,
    HSPOL,
    ICR,
    IER,
    LINE,
    MHZ,
    MIS,
    OVERRUN,
    PCKPOL,
    RAM,
    RIGHT_POLARITY,
    RIS,
    SNAPSHOT,
    SR,
    VSPOL,
    VSYNC,
    Bench,
    write_frames,
)
from sim.tests.camera_bench import test_card as card

FRAME_US = 33_320
IRQ = 78


@pytest.fixture(params=["lines", "words"])
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bench:
    """A camera that has sent video of 320x240 RGB565 for a while, three photographs before it.

    The data travels in whole lines where that is possible, or as in Renode word by word.
    """
    monkeypatch.setenv("CROSSCAM_FRAMES", str(write_frames(tmp_path, [card(seed) for seed in range(3)])))
    bench = Bench().power().configure()
    bench.sysbus.watched = request.param == "words"
    bench.clock.run(2 * FRAME_US)
    return bench


def test_a_snapshot_is_the_photograph_and_switches_itself_off(bench: Bench) -> None:
    assert bench.capture() & (FRAME | OVERRUN | VSYNC) == FRAME | VSYNC
    assert (bench.picture() == card(0)).all()
    assert bench.read(CR) == RIGHT_POLARITY | SNAPSHOT
    assert bench.dcmi.control_read(0x12, 0) == 38400


def test_a_snapshot_starts_with_the_next_frame_not_in_the_middle(bench: Bench) -> None:
    bench.clock.run(10_000)  # the middle of a frame
    bench.capture(wait_us=FRAME_US - 10_000)
    assert not bench.picture().any(), "took the rest of the running frame"
    bench.clock.run(FRAME_US)
    assert (bench.picture() == card(0)).all()


def test_rearming_in_the_frame_interrupt_loses_no_frame(bench: Bench) -> None:
    bench.write(IER, FRAME)
    bench.capture(wait_us=0)
    ends = []
    for index in range(4):
        while not bench.nvic.levels.get(IRQ):
            bench.clock.run(50)
        assert (bench.picture() == card(index % 3)).all()
        ends.append(bench.clock.now)
        bench.write(ICR, 0x1F)
        bench.arm_dma()
        bench.write(CR, RIGHT_POLARITY | SNAPSHOT | CAPTURE)
    assert np.diff(ends) == pytest.approx([FRAME_US * MHZ] * 3, abs=50 * MHZ)
    assert bench.captured[:4] == [0, 1, 2, 0]


@pytest.mark.parametrize("fifo", [None, 0, 1, 3])
def test_direct_mode_and_every_threshold_get_the_same_picture(bench: Bench, fifo: int | None) -> None:
    assert bench.capture(fifo=fifo) & (FRAME | OVERRUN) == FRAME
    assert (bench.picture() == card(0)).all()


def test_a_threshold_of_three_quarters_leaves_what_does_not_fill_it(bench: Bench) -> None:
    assert bench.capture(words=38400, fifo=2) & (FRAME | OVERRUN) == FRAME
    taken = bench.picture().ravel()[: 38400 // 3 * 3 * 2]
    assert (taken == card(0).ravel()[: len(taken)]).all()


def test_without_dma_the_frame_is_lost_by_overrun(bench: Bench) -> None:
    bench.write(CR, RIGHT_POLARITY | SNAPSHOT | CAPTURE)
    bench.clock.run(2 * FRAME_US)
    assert bench.read(RIS) & (OVERRUN | FRAME) == OVERRUN
    assert not bench.read(CR) & CAPTURE, "RM0433: in case of an overrun the frame is lost and CAPTURE is cleared"
    assert not bench.read(SR) & 4, "the FIFO is reset"
    assert bench.captured == [] and bench.dcmi.control_read(0x11, 0) == 1
    assert bench.capture() & FRAME
    assert (bench.picture() == card(0)).all(), "the lost photograph is still in view"


def test_dma_that_ends_early_overruns(bench: Bench) -> None:
    assert bench.capture(words=1000) & OVERRUN
    assert (bench.picture().ravel()[:2000] == card(0).ravel()[:2000]).all()
    assert not bench.picture().ravel()[2000:].any()


def test_continuous_capture_overrun_waits_for_the_next_frame(bench: Bench) -> None:
    bench.arm_dma(words=19200)
    bench.write(CR, RIGHT_POLARITY | CAPTURE)
    bench.clock.run(FRAME_US * 1.7)
    assert bench.read(RIS) & OVERRUN and bench.read(CR) & CAPTURE
    bench.arm_dma()
    bench.clock.run(FRAME_US * 1.5)
    assert (bench.picture() == card(0)).all()


def test_continuous_capture_goes_on_until_it_is_told_to_stop(bench: Bench) -> None:
    bench.arm_dma(words=57600)
    bench.write(CR, RIGHT_POLARITY | CAPTURE)
    bench.clock.run(FRAME_US * 0.5)
    bench.write(CR, RIGHT_POLARITY)
    assert bench.read(CR) & CAPTURE, "takes effect when the frame has ended"
    bench.clock.run(FRAME_US * 2)
    assert not bench.read(CR) & CAPTURE
    assert len(bench.captured) == 1


@pytest.mark.parametrize(("rate", "frames"), [(0, 8), (1, 4), (2, 2)])
def test_frame_rate_control_skips(bench: Bench, rate: int, frames: int) -> None:
    for _ in range(8):
        bench.write(CR, RIGHT_POLARITY | rate << 8 | CAPTURE)
        bench.arm_dma()
        bench.clock.run(FRAME_US)
    assert len(bench.captured) in (frames - 1, frames)


def test_disabling_stops_at_once(bench: Bench) -> None:
    bench.capture(wait_us=FRAME_US * 0.5)
    bench.write(CR, 0)
    bench.write(ICR, 0x1F)
    bench.clock.run(FRAME_US * 2)
    assert bench.read(RIS) == 0 and bench.captured == []
    assert bench.picture()[50:100].any()
    assert not bench.picture()[200:].any()


# Interrupts


def test_the_line_is_a_level_that_follows_flags_and_enables(bench: Bench) -> None:
    bench.write(IER, FRAME)
    bench.capture()
    assert bench.nvic.levels[IRQ] and bench.read(MIS) == FRAME
    bench.write(IER, 0)
    assert not bench.nvic.levels[IRQ] and bench.read(MIS) == 0 and bench.read(RIS) & FRAME
    bench.write(IER, FRAME | OVERRUN)
    assert bench.nvic.levels[IRQ] and bench.nvic.rises[IRQ] == 2
    bench.write(ICR, OVERRUN)
    assert bench.nvic.levels[IRQ]
    bench.write(ICR, FRAME)
    assert not bench.nvic.levels[IRQ] and not bench.read(RIS) & FRAME


def test_vsync_interrupts_come_at_the_frame_rate_without_capture(bench: Bench) -> None:
    bench.write(IER, VSYNC)
    bench.write(CR, RIGHT_POLARITY)
    for _ in range(40):
        bench.clock.run(FRAME_US / 4)
        bench.write(ICR, VSYNC)
    assert bench.nvic.rises[IRQ] == pytest.approx(10, abs=1)


def test_line_interrupts_come_once_a_line(bench: Bench) -> None:
    bench.write(IER, LINE)
    bench.write(CR, RIGHT_POLARITY)
    bench.clock.run(FRAME_US)  # lines are watched from the next frame on
    start = bench.nvic.rises.get(IRQ, 0)
    steps = 4000
    for _ in range(steps):
        bench.clock.run(FRAME_US / steps)
        bench.write(ICR, LINE)
    assert bench.nvic.rises[IRQ] - start == 240


def test_nothing_but_vsync_is_scheduled_when_nobody_wants_lines(bench: Bench) -> None:
    assert bench.clock.run(10 * FRAME_US) <= 21


# Window and selection


def test_crop_takes_the_window_and_ends_with_it(bench: Bench) -> None:
    x, y, width, height = 40, 30, 160, 120
    bench.write(CWSTRT, y << 16 | x * 2)
    bench.write(CWSIZE, height - 1 << 16 | width * 2 - 1)
    assert bench.capture(words=width * height // 2, control=RIGHT_POLARITY | CROP) & (FRAME | OVERRUN) == FRAME
    assert (bench.picture(width, height) == card(0)[y : y + height, x : x + width]).all()
    assert bench.captured == [0]


def test_a_crop_window_beyond_the_picture_ends_with_the_frame(bench: Bench) -> None:
    bench.write(CWSTRT, 200 << 16)
    bench.write(CWSIZE, 99 << 16 | 639)
    assert bench.capture(control=RIGHT_POLARITY | CROP) & FRAME
    assert bench.dcmi.control_read(0x12, 0) == 40 * 160
    assert (bench.picture(320, 40) == card(0)[200:]).all()


def test_byte_select_takes_every_second_byte(bench: Bench) -> None:
    low, high = card(0) & 0xFF, card(0) >> 8
    for odd, expected in ((0, low), (1 << 18, high)):
        bench.control_rewind()
        bench.capture(words=19200, control=RIGHT_POLARITY | 1 << 16 | odd)
        seen = np.frombuffer(bytes(bench.sysbus.ram[:76800]), np.uint8).reshape(240, 320)
        assert (seen == expected).all()


def test_byte_select_two_of_four_takes_every_second_pixel(bench: Bench) -> None:
    bench.capture(words=19200, control=RIGHT_POLARITY | 3 << 16 | 1 << 18)
    assert (bench.picture(160, 240) == card(0)[:, 1::2]).all()
    bench.control_rewind()
    bench.capture(words=9600, control=RIGHT_POLARITY | 2 << 16)
    seen = np.frombuffer(bytes(bench.sysbus.ram[:38400]), np.uint8).reshape(240, 160)
    assert (seen == (card(0) & 0xFF)[:, ::2]).all()


def test_line_select_takes_every_second_line(bench: Bench) -> None:
    bench.capture(words=19200, control=RIGHT_POLARITY | 1 << 19)
    assert (bench.picture(320, 120) == card(0)[::2]).all()
    bench.control_rewind()
    bench.capture(words=19200, control=RIGHT_POLARITY | 1 << 19 | 1 << 20)
    assert (bench.picture(320, 120) == card(0)[1::2]).all()


def test_wide_data_modes_make_half_words_of_bytes(bench: Bench) -> None:
    bench.write(CWSIZE, 119 << 16 | 639)
    bench.capture(words=38400, control=RIGHT_POLARITY | CROP | 1 << 10)
    seen = bench.picture(640, 120)
    assert (seen[:, ::2] == (card(0) & 0xFF)[:120]).all() and (seen[:, 1::2] == (card(0) >> 8)[:120]).all()


# What a wrong setting looks like


def test_wrong_vsync_polarity_gives_an_empty_frame(bench: Bench) -> None:
    assert bench.capture(control=RIGHT_POLARITY & ~VSPOL) & (FRAME | OVERRUN) == FRAME
    assert bench.captured == [] and not bench.picture().any()


def test_wrong_hsync_polarity_takes_the_blanking(bench: Bench) -> None:
    bench.sysbus.ram[:153600] = b"\xff" * 153600
    bench.capture(control=RIGHT_POLARITY | HSPOL)
    assert not bench.picture().any(), "the bus is black between the lines"


def test_wrong_pixel_clock_edge_gives_noise(bench: Bench) -> None:
    bench.capture(control=RIGHT_POLARITY & ~PCKPOL)
    wrong = bench.picture() != card(0)
    assert 0.5 < wrong.mean() < 1.0


@pytest.mark.parametrize(
    ("com10", "control"),
    [(0x02, RIGHT_POLARITY & ~VSPOL), (0x08, RIGHT_POLARITY | HSPOL), (0x10, RIGHT_POLARITY & ~PCKPOL)],
)
def test_both_sides_turned_round_fit_again(bench: Bench, com10: int, control: int) -> None:
    bench.sccb_write(0x15, com10)
    bench.clock.run(2 * FRAME_US)
    assert bench.capture(control=control) & (FRAME | OVERRUN) == FRAME
    assert (bench.picture() == card(0)).all()
    bench.capture()
    assert not (bench.picture() == card(1)).all(), "the old polarity is wrong now"


@pytest.mark.parametrize(("pad", "bit"), [("C6", 0), ("E4", 4), ("E6", 7)])
def test_a_data_pin_that_is_not_muxed_reads_0(bench: Bench, pad: str, bit: int) -> None:
    bench.pad(pad, 12)
    bench.capture()
    lost = 0x0101 << bit
    assert (bench.picture() == card(0) & ~np.uint16(lost)).all()


@pytest.mark.parametrize("pad", ["G9", "A6"])
def test_no_vsync_or_pixel_clock_no_frames(bench: Bench, pad: str) -> None:
    bench.pad(pad, 13, mode=0)
    assert bench.capture() == 0
    assert bench.read(CR) & CAPTURE


def test_no_hsync_no_data(bench: Bench) -> None:
    bench.pad("A4", 13, mode=3)
    assert bench.capture() & (FRAME | OVERRUN) == FRAME
    assert not bench.picture().any()


def test_embedded_synchronisation_never_finds_a_frame(bench: Bench) -> None:
    assert bench.capture(control=RIGHT_POLARITY | 1 << 4) == 0


# Registers


def test_registers_keep_their_fields_and_nothing_else(bench: Bench) -> None:
    for register, mask in ((CR, 0x001F0FFE), (IER, 0x1F), (CWSTRT, 0x1FFF3FFF), (CWSIZE, 0x3FFF3FFF)):
        bench.write(register, 0xFFFFFFFF & ~CAPTURE & ~ENABLE if register == CR else 0xFFFFFFFF)
        assert bench.read(register) == mask
    assert bench.read(ICR) == 0 and bench.read(DR) == 0


def test_bytes_and_half_words_reach_their_part(bench: Bench) -> None:
    bench.write(CWSTRT, 0x00120034)
    assert bench.sysbus.read(DCMI + CWSTRT + 2, 2) == 0x12
    assert bench.sysbus.read(DCMI + CWSTRT, 1) == 0x34
    bench.sysbus.write(DCMI + CWSTRT + 2, 2, 0x56)
    assert bench.read(CWSTRT) == 0x00560034
    bench.sysbus.write(DCMI + CWSTRT, 1, 0x78)
    assert bench.read(CWSTRT) == 0x00560078


def test_status_shows_the_beam(bench: Bench) -> None:
    bench.write(CR, RIGHT_POLARITY)
    seen = []
    for _ in range(3000):
        bench.clock.run(FRAME_US / 3000)
        seen.append(bench.read(SR) & 3)
    share = [sum(1 for value in seen if value & bit) / len(seen) for bit in (1, 2)]
    assert share[1] == pytest.approx(3 / 510, rel=0.15), "VSYNC: 3 of 510 lines"
    assert 1 - share[0] == pytest.approx(240 * 640 / (510 * 784), rel=0.05), "HREF: 240 lines of 640 of 784 tp"


def test_a_reset_stops_everything_and_the_camera_goes_on(bench: Bench) -> None:
    bench.write(IER, FRAME)
    bench.capture()
    bench.dcmi.reset()
    assert not bench.nvic.levels[IRQ]
    assert [bench.read(register) for register in (CR, RIS, IER)] == [0, 0, 0]
    assert bench.capture() & FRAME
    assert (bench.picture() == card(1)).all()


def test_unknown_offsets_and_commands_are_logged_and_read_0(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.read(0x80) == 0
    bench.write(DR, 1)
    assert bench.dcmi.control_read(0x99, 5) == 0
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3


def test_frames_go_where_the_dma_points(bench: Bench) -> None:
    bench.capture(address=RAM + 0x40000)
    assert not bench.picture().any()
    assert bytes(bench.sysbus.ram[0x40000 : 0x40000 + 153600]) == card(0).tobytes()
    assert bench.read(SR) & 4 == 0
