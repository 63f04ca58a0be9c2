"""Who has which frame buffer: no two users ever have the same one, and nobody waits for one in the running order."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
from app_host import build
from hypothesis import given
from hypothesis import strategies as st

CAPTURE, NETWORK, DISPLAY, SELF_TEST = range(4)
USERS = st.integers(0, 3)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = build(tmp_path_factory.mktemp("frames"), ["app/frames.c"])
    library.frames_take.restype = library.frames_hand_over.restype = ctypes.c_void_p
    return library


@pytest.fixture(autouse=True)
def nobody_has_one(frames: ctypes.CDLL) -> None:
    for user in range(4):
        frames.frames_release(user)


@given(st.lists(st.tuples(st.sampled_from(["take", "hand_over", "release"]), USERS, USERS), max_size=40))
def test_no_two_users_have_the_same_buffer(frames: ctypes.CDLL, steps: list[tuple[str, int, int]]) -> None:
    held: dict[int, int | None] = dict.fromkeys(range(4))
    for user in range(4):
        frames.frames_release(user)
    for step, user, other in steps:
        if step == "take":
            buffer = frames.frames_take(user)
            others = {held[each] for each in held if each != user} - {None}
            assert (buffer is None) == (held[user] is None and len(others) == 3)
            assert buffer not in others and held[user] in (None, buffer)
            held[user] = buffer
        elif step == "hand_over" and user != other:
            assert frames.frames_hand_over(user, other) == held[user]
            if held[user] is not None:
                held[other], held[user] = held[user], None
        elif step == "release":
            frames.frames_release(user)
            held[user] = None


def test_the_running_order_always_finds_a_buffer(frames: ctypes.CDLL) -> None:
    used = set()
    frames.frames_take(CAPTURE)
    for _ in range(6):
        assert frames.frames_hand_over(CAPTURE, NETWORK)
        used.add(frames.frames_take(CAPTURE))  # while the one before is still being shown
        frames.frames_hand_over(NETWORK, DISPLAY)
        assert frames.frames_take(SELF_TEST)
        frames.frames_release(SELF_TEST)
    assert len(used) == 3 and None not in used


def test_beside_a_large_network_two_buffers_do(tmp_path: Path) -> None:
    two = build(tmp_path, ["app/frames.c"], "-DNN_FRAME_BUFFERS=2")
    two.frames_take.restype = two.frames_hand_over.restype = ctypes.c_void_p
    used = {two.frames_take(CAPTURE)}
    for _ in range(6):
        two.frames_hand_over(CAPTURE, NETWORK)
        used.add(two.frames_take(CAPTURE))
        two.frames_hand_over(NETWORK, DISPLAY)
        assert two.frames_take(SELF_TEST) is None, "until the display has sent it"
        two.frames_release(DISPLAY)
    assert len(used) == 2 and None not in used


def test_without_a_display_two_buffers_do(frames: ctypes.CDLL) -> None:
    used = {frames.frames_take(CAPTURE)}
    for _ in range(6):
        frames.frames_hand_over(CAPTURE, NETWORK)
        used.add(frames.frames_take(CAPTURE))
        frames.frames_release(NETWORK)
    assert len(used) == 2
