"""The console: echo and editing, line ends, input that is too long or lost, output that does not move."""

from __future__ import annotations

import ctypes

import pytest
from app_host import FakeHal, build

NOTHING, COMMAND, TOO_LONG = range(3)
INPUT_MAX = 31
OUTPUT_SIZE = 4096


class Console:
    """The driver under test, a keyboard and a screen."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.hal = FakeHal(library)
        library.console_input.restype = ctypes.c_char_p
        library.console_init()

    def type(self, keys: bytes) -> list[tuple[int, str]]:
        """What the lines typed amount to."""
        for key in keys:
            self.library.console_isr_received(key)
        events = []
        while (event := self.library.console_poll()) != NOTHING:
            events.append((event, self.library.console_input().decode()))
        return events

    def line(self, text: str) -> None:
        self.library.console_line(text.encode())

    def screen(self) -> bytes:
        """What was sent since the last look."""
        sent = bytes(self.hal.sent)
        self.hal.sent.clear()
        return sent


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    sources = ["drivers/console.c", "lib/errors.c", "lib/text.c", "tests/fake_hal.c"]
    return build(tmp_path_factory.mktemp("console"), sources)


@pytest.fixture
def console(library: ctypes.CDLL) -> Console:
    return Console(library)


def test_lines_end_in_cr_lf(console: Console) -> None:
    console.line("hello")
    assert console.screen() == b"hello\r\n"


@pytest.mark.parametrize("enter", [b"\r", b"\n", b"\r\n"])
def test_enter_is_cr_or_lf_or_both(console: Console, enter: bytes) -> None:
    assert console.type(b"h" + enter) == [(COMMAND, "h")]
    assert console.screen() == b"h\r\n"
    assert console.type(b"x" + enter) == [(COMMAND, "x")]


def test_several_lines_at_once(console: Console) -> None:
    assert console.type(b"h\r\ni\r\nx\n") == [(COMMAND, "h"), (COMMAND, "i"), (COMMAND, "x")]


def test_empty_lines_are_no_commands(console: Console) -> None:
    assert console.type(b"\r\n\r\n\n") == []
    assert console.screen() == b"\r\n\r\n\r\n"


@pytest.mark.parametrize("key", [b"\x08", b"\x7f"])
def test_backspace_takes_back_and_stops_at_the_start(console: Console, key: bytes) -> None:
    assert console.type(b"ab" + 3 * key + b"x\r") == [(COMMAND, "x")]
    assert console.screen() == b"ab\b \b\b \bx\r\n"


def test_the_longest_line_fits(console: Console) -> None:
    assert console.type(b"z" * INPUT_MAX + b"\r") == [(COMMAND, "z" * INPUT_MAX)]


def test_a_longer_line_is_told_once_and_forgotten(console: Console) -> None:
    assert [event for event, _ in console.type(b"z" * 200 + b"\r")] == [TOO_LONG]
    assert console.type(b"i\r") == [(COMMAND, "i")]


def test_control_characters_spoil_the_command_not_the_screen(console: Console) -> None:
    assert console.type(b"\x1b[A\xff\r") == [(COMMAND, "?[A?")]
    assert console.screen() == b"?[A?\r\n"


def test_a_line_with_lost_input_is_not_trusted(console: Console) -> None:
    console.library.console_isr_lost()
    assert [event for event, _ in console.type(b"x\r")] == [TOO_LONG]
    assert console.type(b"x\r") == [(COMMAND, "x")]


def test_more_keys_than_fit_are_lost_but_told(console: Console) -> None:
    assert console.type(b"y" * 600) == []
    assert [event for event, _ in console.type(b"\r")] == [TOO_LONG]
    assert console.type(b"x\r") == [(COMMAND, "x")]


def test_output_starts_a_new_line_when_somebody_is_typing(console: Console) -> None:
    console.type(b"x")
    console.line("news")
    console.line("more")
    assert console.type(b"\r") == [(COMMAND, "x")]
    assert console.screen() == b"x\r\nnews\r\nmore\r\n\r\n"


def test_a_full_buffer_waits_for_the_transmitter(console: Console) -> None:
    console.line("a" * 3 * OUTPUT_SIZE)
    assert console.screen() == b"a" * 3 * OUTPUT_SIZE + b"\r\n"


def test_a_transmitter_that_does_not_move_costs_a_tenth_of_a_second_once(console: Console) -> None:
    console.hal.transmitter_works = False
    console.hal.tick_per_question = 1
    console.line("a" * (OUTPUT_SIZE + 2))
    assert 100 < console.hal.now < 110, "dropped at once, not after another wait a character"
    console.hal.tick_per_question = 0
    console.line("b" * OUTPUT_SIZE)
    console.hal.transmitter_works = True
    console.line("c")
    console.line("d")
    assert console.screen().startswith(b"a" * OUTPUT_SIZE)
    assert console.library.console_isr_next() == -1


def test_output_that_was_dropped_is_told_with_the_next_line(console: Console) -> None:
    console.hal.transmitter_works = False
    console.hal.tick_per_question = 1
    console.line("a" * (OUTPUT_SIZE + 8))
    console.hal.transmitter_works = True
    console.hal._uart_kick()
    console.screen()
    console.line("b")
    console.line("c")
    assert console.screen() == b"\r\nE: CONSOLE_LOST output was lost while nobody took it (10 bytes)\r\nb\r\nc\r\n"
