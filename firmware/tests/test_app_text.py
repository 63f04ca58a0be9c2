"""Formatting without printf agrees with Python's own."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import pytest
from app_host import build
from hypothesis import given
from hypothesis import strategies as st


class Text(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_char_p),
        ("capacity", ctypes.c_size_t),
        ("length", ctypes.c_size_t),
        ("truncated", ctypes.c_bool),
    )


Formatter = Callable[..., tuple[str, bool]]


@pytest.fixture(scope="module")
def formatted(tmp_path_factory: pytest.TempPathFactory) -> Formatter:
    """``formatted("text_hex", value, digits, capacity=80)`` -> (what was written, truncated)."""
    library = build(tmp_path_factory.mktemp("text"), ["lib/text.c"])
    library.text_unsigned.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_size_t)
    library.text_signed.argtypes = (ctypes.c_void_p, ctypes.c_int32, ctypes.c_size_t)
    library.text_hex.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_size_t)
    library.text_padded.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)

    def run(function: str, *arguments: object, capacity: int = 80) -> tuple[str, bool]:
        guard = 0xA5
        memory = (ctypes.c_uint8 * (capacity + 8))(*([guard] * (capacity + 8)))
        text = Text()
        library.text_init(ctypes.byref(text), memory, ctypes.c_size_t(capacity))
        getattr(library, function)(ctypes.byref(text), *arguments)
        assert list(memory[capacity:]) == [guard] * 8, "wrote past its buffer"
        written = bytes(memory[: text.length])
        assert memory[text.length] == 0
        return written.decode(), text.truncated

    return run


@given(value=st.integers(-(2**31), 2**31 - 1), width=st.integers(0, 14))
def test_signed_is_printf_plus_d(formatted: Formatter, value: int, width: int) -> None:
    assert formatted("text_signed", value, width) == (f"{value:+{width}d}" if width else f"{value:+d}", False)


@pytest.mark.parametrize(("score", "shown"), [(127, "+127"), (-128, "-128"), (12, " +12"), (0, "  +0"), (-1, "  -1")])
def test_scores_take_four_columns(formatted: Formatter, score: int, shown: str) -> None:
    assert formatted("text_signed", score, 4) == (shown, False)


@given(value=st.integers(0, 2**32 - 1), width=st.integers(1, 14))
def test_unsigned_is_printf_u(formatted: Formatter, value: int, width: int) -> None:
    assert formatted("text_unsigned", value, width) == (f"{value:{width}d}", False)


@given(value=st.integers(0, 2**32 - 1), digits=st.integers(1, 8))
def test_hex_has_exactly_its_digits(formatted: Formatter, value: int, digits: int) -> None:
    assert formatted("text_hex", value, digits) == (f"{value:08X}"[8 - digits :], False)


def test_padded_pads_and_never_cuts(formatted: Formatter) -> None:
    assert formatted("text_padded", b"abc", 5) == ("abc  ", False)
    assert formatted("text_padded", b"abcdef", 5) == ("abcdef", False)


@pytest.mark.parametrize("capacity", [1, 2, 9, 10, 11])
def test_what_does_not_fit_is_dropped_and_told(formatted: Formatter, capacity: int) -> None:
    text, truncated = formatted("text_unsigned", 4294967295, 0, capacity=capacity)
    assert text == "4294967295"[: capacity - 1]
    assert truncated == (capacity < 11)
