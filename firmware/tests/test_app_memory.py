"""memcpy, memmove, memset and memcmp against Python's bytes, aligned or not, overlapping or not."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
from app_host import build
from hypothesis import given
from hypothesis import strategies as st

SIZE = 96
OFFSETS = st.integers(0, 12)
LENGTHS = st.integers(0, 40)
CONTENT = st.binary(min_size=SIZE, max_size=SIZE)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    # Renamed, so that the process keeps its own.
    renames = [f"-D{name}=own_{name}" for name in ("memcpy", "memmove", "memset", "memcmp")]
    folder: Path = tmp_path_factory.mktemp("memory")
    loaded = build(folder, ["lib/memory.c"], "-fno-builtin", *renames)
    for name in ("own_memcpy", "own_memmove", "own_memcmp"):
        getattr(loaded, name).argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    loaded.own_memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
    for name in ("own_memcpy", "own_memmove", "own_memset"):
        getattr(loaded, name).restype = ctypes.c_void_p
    return loaded


@given(content=CONTENT, to=OFFSETS, source=st.integers(48, 56), length=LENGTHS)
def test_memcpy(library: ctypes.CDLL, content: bytes, to: int, source: int, length: int) -> None:
    memory = (ctypes.c_uint8 * SIZE).from_buffer_copy(content)
    base = ctypes.addressof(memory)
    length = min(length, SIZE - source)
    assert library.own_memcpy(base + to, base + source, length) == base + to
    assert bytes(memory) == content[:to] + content[source : source + length] + content[to + length :]


@given(content=CONTENT, to=st.integers(0, 50), source=st.integers(0, 50), length=LENGTHS)
def test_memmove_with_overlap(library: ctypes.CDLL, content: bytes, to: int, source: int, length: int) -> None:
    memory = (ctypes.c_uint8 * SIZE).from_buffer_copy(content)
    base = ctypes.addressof(memory)
    assert library.own_memmove(base + to, base + source, length) == base + to
    assert bytes(memory) == content[:to] + content[source : source + length] + content[to + length :]


@given(content=CONTENT, to=OFFSETS, value=st.integers(-1, 300), length=LENGTHS)
def test_memset(library: ctypes.CDLL, content: bytes, to: int, value: int, length: int) -> None:
    memory = (ctypes.c_uint8 * SIZE).from_buffer_copy(content)
    base = ctypes.addressof(memory)
    assert library.own_memset(base + to, value, length) == base + to
    assert bytes(memory) == content[:to] + bytes([value & 0xFF]) * length + content[to + length :]


@given(left=st.binary(max_size=12), right=st.binary(max_size=12))
def test_memcmp(library: ctypes.CDLL, left: bytes, right: bytes) -> None:
    size = min(len(left), len(right))
    result = library.own_memcmp(ctypes.c_char_p(left), ctypes.c_char_p(right), size)
    assert (result > 0) - (result < 0) == (left[:size] > right[:size]) - (left[:size] < right[:size])
