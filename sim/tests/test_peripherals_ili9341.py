"""The display script: what a driver draws is what people see; wrong settings show a wrong picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.tests.display_bench import BGR, COMPLETE, CS, DC, MV, MX, MY, RESET, DisplayBench, Pixels, seen

UPRIGHT = MX | BGR


def noise(height: int, width: int, seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 65536, (height, width)).astype(np.uint16)


@pytest.fixture(scope="module")
def powered() -> DisplayBench:
    return DisplayBench()


@pytest.fixture
def bench(powered: DisplayBench) -> DisplayBench:
    """A started display, portrait and upright, black."""
    powered.pin(RESET, 0)
    powered.pin(RESET, 1)
    powered.wait(5)
    powered.display.reset()
    powered.start()
    powered.draw_by_dma(np.zeros((320, 240), np.uint16))
    return powered


# Pixels


@pytest.mark.parametrize("frame_bits", [8, 16])
def test_a_picture_by_dma_is_what_people_see(bench: DisplayBench, frame_bits: int) -> None:
    pixels = noise(320, 240)
    bench.draw_by_dma(pixels if frame_bits == 16 else pixels.byteswap(), frame_bits)
    np.testing.assert_array_equal(bench.picture(), seen(pixels))


def test_low_byte_first_shows_wrong_colours(bench: DisplayBench) -> None:
    pixels = noise(320, 240)
    bench.draw_by_dma(pixels, frame_bits=8)
    np.testing.assert_array_equal(bench.picture(), seen(pixels.byteswap()))


def test_a_rectangle_leaves_the_rest(bench: DisplayBench) -> None:
    pixels = noise(7, 5)
    bench.draw(pixels, x=100, y=200)
    expected = np.zeros((320, 240, 3), np.uint8)
    expected[200:207, 100:105] = seen(pixels)
    np.testing.assert_array_equal(bench.picture(), expected)


def test_18_bits_a_pixel(bench: DisplayBench) -> None:
    bench.command(0x3A, 0x66)
    bench.window(0, 0, 2, 1)
    bench.command(0x2C, 0xFC, 0x04, 0x80, 0x13, 0xFF, 0x00)
    assert bench.picture()[0, :2].tolist() == [[255, 4, 130], [16, 255, 0]]


def test_pixels_go_on_in_the_next_line_and_from_the_end_to_the_start(bench: DisplayBench) -> None:
    first, more = noise(3, 4), noise(1, 6, seed=2)
    bench.draw(first, x=10, y=20)
    bench.command(0x3C, *more.astype(">u2").tobytes())
    expected = first.copy()
    expected.reshape(-1)[:6] = more
    np.testing.assert_array_equal(bench.picture()[20:23, 10:14], seen(expected))


def test_pixels_beyond_the_window_may_be_ignored(bench: DisplayBench) -> None:
    bench.command(0xF6, 0x00)
    pixels = noise(2, 2)
    bench.window(0, 0, 2, 2)
    bench.command(0x2C, *pixels.astype(">u2").tobytes(), 0xFF, 0xFF)
    np.testing.assert_array_equal(bench.picture()[:2, :2], seen(pixels))


@pytest.mark.parametrize("madctl", range(0, 256, 0x20))
def test_orientations(bench: DisplayBench, madctl: int) -> None:
    """The eight orientations against numpy: a flip in x is MX, in y is MY, and MV exchanges the two."""
    madctl |= BGR
    bench.command(0x36, madctl)
    shape = (240, 320) if madctl & MV else (320, 240)
    pixels = noise(*shape)
    bench.draw_by_dma(pixels)
    memory = pixels.T if madctl & MV else pixels
    memory = memory[::-1] if madctl & MY else memory
    memory = memory[:, ::-1] if madctl & MX else memory
    np.testing.assert_array_equal(bench.picture(), seen(memory[:, ::-1]))  # the glass is mounted with MX


def test_a_landscape_glass() -> None:
    bench = DisplayBench(upright=MV | BGR).start(MV | BGR)
    pixels = noise(240, 320)
    bench.draw_by_dma(pixels)
    np.testing.assert_array_equal(bench.picture(), seen(pixels))
    bench.command(0x36, MV | MX | MY | BGR)
    bench.draw_by_dma(pixels)
    np.testing.assert_array_equal(bench.picture(), seen(pixels[::-1, ::-1]))


def test_the_wrong_colour_order_exchanges_red_and_blue(bench: DisplayBench) -> None:
    pixels = noise(320, 240)
    bench.command(0x36, MX)
    bench.draw_by_dma(pixels)
    np.testing.assert_array_equal(bench.picture(), seen(pixels)[:, :, ::-1])


def test_pixels_read_back_with_six_bits_a_channel(bench: DisplayBench) -> None:
    bench.window(3, 4, 2, 1)
    bench.command(0x2C, 0xF8, 0x1F, 0x07, 0xE0)
    answer = bench.command(0x2E, read=7)
    assert answer.hex(" ") == "00 fc 00 fc 00 fc 00"


# What is shown of the memory


def test_sleep_and_display_off_show_nothing(bench: DisplayBench) -> None:
    bench.draw_by_dma(noise(320, 240))
    shown = bench.picture()
    for code, back in ((0x28, 0x29), (0x10, 0x11)):
        bench.command(code)
        assert not bench.picture().any() and not bench.ask(0x11)
        bench.command(back)
        np.testing.assert_array_equal(bench.picture(), shown)


def test_inversion_and_idle_mode(bench: DisplayBench) -> None:
    pixels = noise(320, 240)
    bench.draw_by_dma(pixels)
    bench.command(0x21)
    np.testing.assert_array_equal(bench.picture(), 255 - seen(pixels))
    bench.command(0x20)
    bench.command(0x39)
    np.testing.assert_array_equal(bench.picture(), np.where(seen(pixels) >= 128, 255, 0))


def test_vertical_scrolling_moves_the_lines_between_the_fixed_ones(bench: DisplayBench) -> None:
    pixels = noise(320, 240)
    bench.draw_by_dma(pixels)
    bench.command(0x33, 0, 20, 0, 250, 0, 50)
    bench.command(0x37, 0, 120)
    expected = seen(pixels)
    expected[20:270] = np.roll(expected[20:270], -100, axis=0)
    np.testing.assert_array_equal(bench.picture(), expected)
    bench.command(0x13)
    np.testing.assert_array_equal(bench.picture(), seen(pixels))


def test_partial_mode_shows_its_lines(bench: DisplayBench) -> None:
    pixels = noise(320, 240)
    bench.draw_by_dma(pixels)
    bench.command(0x30, 0, 50, 0, 60)
    bench.command(0x12)
    expected = np.zeros((320, 240, 3), np.uint8)
    expected[50:61] = seen(pixels)[50:61]
    np.testing.assert_array_equal(bench.picture(), expected)


# Commands


def test_parameters_of_power_and_gamma_are_taken(bench: DisplayBench) -> None:
    before = bench.picture()
    for code, count in (
        (0xCB, 5),
        (0xCF, 3),
        (0xE8, 3),
        (0xC0, 1),
        (0xC5, 2),
        (0xB1, 2),
        (0xE0, 15),
        (0xE1, 15),
        (0x26, 1),
    ):
        bench.command(code, *range(0x20, 0x20 + count))
    np.testing.assert_array_equal(bench.picture(), before)
    assert bench.ask(0x13) == UPRIGHT


def test_identification_and_status(bench: DisplayBench) -> None:
    assert bench.command(0xD3, read=4).hex() == "00009341"
    assert bench.command(0x04, read=4).hex() == "00000000"
    assert bench.command(0x0A, read=1).hex() == "9c"  # booster, sleep out, normal mode, display on
    assert bench.command(0x0B, read=1)[0] == UPRIGHT
    assert bench.command(0x0C, read=1)[0] & 7 == 5
    status = int.from_bytes(bench.command(0x09, read=5), "big") >> 7  # after a dummy clock
    assert status == 1 << 31 | UPRIGHT << 23 | 5 << 20 | 3 << 16 | 1 << 10


def test_one_byte_of_an_answer_by_index(bench: DisplayBench) -> None:
    answer = bytearray()
    for index in range(1, 4):
        bench.command(0xD9, 0x10 | index)
        answer += bench.command(0xD3, read=1)
    assert answer.hex() == "009341"


def test_software_reset_keeps_memory_and_format(bench: DisplayBench) -> None:
    pixels = noise(320, 240)
    bench.draw_by_dma(pixels)
    bench.command(0x01)
    bench.wait(5)
    assert not bench.picture().any()
    assert bench.command(0x0C, read=1)[0] & 7 == 5
    bench.command(0x11)
    bench.command(0x29)
    np.testing.assert_array_equal(bench.picture(), seen(pixels))


def test_a_command_too_early_after_a_reset_is_lost(bench: DisplayBench, caplog: pytest.LogCaptureFixture) -> None:
    bench.command(0x01)
    bench.command(0x11)
    bench.wait(5)
    bench.command(0x29)
    assert "command 0x11 within 5 ms of a reset: lost" in caplog.text
    assert not bench.ask(0x11)


def test_a_window_that_ends_before_it_starts_is_ignored(bench: DisplayBench) -> None:
    bench.window(0, 0, 240, 320)
    bench.command(0x2A, 0, 9, 0, 8)
    bench.command(0x2C, 0xFF, 0xFF)
    assert bench.picture()[0, 0].tolist() == [255, 255, 255]


# Wires


def test_the_display_hears_nothing_while_it_is_not_selected(bench: DisplayBench) -> None:
    bench.pin(CS, 1)
    bench.command(0x28)
    assert bench.ask(0x11)
    bench.pin(CS, 0)
    bench.command(0x28)
    assert not bench.ask(0x11)


def test_commands_with_d_c_high_are_data(bench: DisplayBench) -> None:
    bench.pin(DC, 1)
    bench.exchange(bytes([0x28]))
    assert bench.ask(0x11)


def test_hardware_reset_holds_and_forgets(bench: DisplayBench) -> None:
    bench.pin(RESET, 0)
    bench.command(0x11)
    bench.pin(RESET, 1)
    bench.wait(5)
    assert not bench.ask(0x11) and bench.ask(0x13) == 0


def test_a_board_without_chip_select() -> None:
    bench = DisplayBench(select=None).start()
    pixels = noise(4, 4)
    bench.draw(pixels)
    np.testing.assert_array_equal(bench.picture()[:4, :4], seen(pixels))


# The host


def test_the_last_whole_picture_outlives_the_start_of_the_next(bench: DisplayBench) -> None:
    first = noise(320, 240)
    bench.draw_by_dma(first)
    assert bench.ask(0x10) == 2
    bench.command(0x2C, *range(200))
    np.testing.assert_array_equal(bench.picture(COMPLETE), seen(first))
    assert (bench.picture() != seen(first)).any() and bench.ask(0x10) == 2


def test_a_picture_in_a_file(bench: DisplayBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = noise(320, 240)
    bench.draw_by_dma(pixels)
    monkeypatch.setenv("CROSSCAM_LCD", str(tmp_path / "lcd.raw"))
    assert bench.ask(COMPLETE) == 320 * 240 * 3
    data = np.fromfile(tmp_path / "lcd.raw", np.uint8).reshape(320, 240, 3)
    np.testing.assert_array_equal(data, seen(pixels))


def test_no_file_where_something_else_is(
    bench: DisplayBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CROSSCAM_LCD", str(tmp_path))
    assert bench.ask(COMPLETE) == 0
    assert "expected the name of a file" in caplog.text
