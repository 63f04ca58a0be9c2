"""Which layers take generated kernels: the shipped model's, and what the others are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.compiler.compile import Options, build
from model.compiler.emit import emit
from model.compiler.fast import choice
from model.compiler.fast.bands import even_bands
from model.compiler.fast.call import SCRATCH_BYTES, FastCall
from model.compiler.fast.choice import Selector
from model.compiler.fast.pointwise import bands_of
from model.compiler.fast.tile import PIXELS
from model.compiler.fast.widen import split_order
from model.compiler.program import Program
from model.compiler.tests.cases_fast import KINDS
from model.compiler.tests.host import ROOT, test_card
from model.compiler.tests.maker import Maker

ZOO = ROOT / "model" / "zoo" / "person_car_160" / "model.tflite"


@pytest.fixture(scope="module")
def program() -> Program:
    return build(ZOO, ZOO.read_bytes(), Options(optimize="speed"), shuffles=10)


def test_nearly_all_of_the_shipped_model_is_fast(program: Program) -> None:
    fast = sum(call.macs for call in program.calls if isinstance(call, FastCall))
    assert fast > 0.99 * sum(op.macs for op in program.graph.ops)
    assert {op.name: reason for op, reason in program.slow.items()} == {
        "head_scores": "channels whose scalings have no common form"
    }


def test_scratch_and_code_stay_in_their_rooms(program: Program) -> None:
    assert 0 < choice.scratch_of(program.calls) <= SCRATCH_BYTES
    assert sum(routine.size for routine in choice.routines_of(program.calls)) <= choice.CODE_BYTES


def test_the_text_is_the_same_every_time(program: Program) -> None:
    again = build(ZOO, ZOO.read_bytes(), Options(optimize="speed"), shuffles=10)
    texts = [emit(each.graph, each.calls, each.plan, test_card(each, "net")) for each in (program, again)]
    assert texts[0] == texts[1]
    for routine in choice.routines_of(program.calls):
        assert f"\nnn_model_{routine.name}:\n" in texts[0]["model_kernels.S"]
        assert f"extern {routine.ctype} nn_model_{routine.name};" in texts[0]["model.c"]


def test_without_room_for_code_the_largest_layers_come_first(monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    monkeypatch.setattr(choice, "CODE_BYTES", 8 * 1024)
    small = build(ZOO, ZOO.read_bytes(), Options(optimize="speed"), shuffles=10)
    fast = {call.op.name for call in small.calls if isinstance(call, FastCall)}
    assert 0 < len(fast) < sum(isinstance(call, FastCall) for call in program.calls)
    assert any("bytes of code" in reason for reason in small.slow.values())
    assert sum(routine.size for routine in choice.routines_of(small.calls)) <= 8 * 1024


def test_weights_that_flash_has_no_room_for_stay_narrow(monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    plain = sum(call.weight_bytes for call in build(ZOO, ZOO.read_bytes(), shuffles=1).calls)
    room = plain + 50_000
    monkeypatch.setattr(choice, "FLASH_BYTES", room + choice.CODE_BYTES)
    narrow = build(ZOO, ZOO.read_bytes(), Options(optimize="speed"), shuffles=1)
    assert plain < sum(call.weight_bytes for call in narrow.calls) <= room
    assert any("16-bit weights" in reason for reason in narrow.slow.values())
    assert sum(call.weight_bytes for call in program.calls) > room


def test_more_flash_never_makes_less_of_the_network_fast(program: Program) -> None:
    """Layers that cost most hold most weights: choosing by cost alone, 400 KB gave a slower network than 350 KB."""
    plain = build(ZOO, ZOO.read_bytes(), shuffles=1).calls
    outputs = program.graph.outputs
    macs = [
        sum(op.macs for unit in Selector(plain, outputs, "litert", flash=flash * 1000).select().variants for op in unit)
        for flash in (330, 350, 400, 450, 550)
    ]
    assert macs == sorted(macs)
    assert 0 < macs[0] < macs[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_plain_c_is_what_size_asks_for(kind: str) -> None:
    case = KINDS[kind](Maker(3))
    plain = build(Path(case.title), case.blob, shuffles=10)
    assert not plain.slow and not any(isinstance(call, FastCall) for call in plain.calls)
    text = emit(plain.graph, plain.calls, plain.plan, test_card(plain, "net"))["model_kernels.S"]
    assert ".thumb_func" not in text


def test_bands_are_whole_tiles_and_the_last_takes_what_is_left() -> None:
    for pixels in range(PIXELS, 300):
        for room in (8, 16, 18, 41, 100):
            bands = bands_of(pixels, SCRATCH_BYTES // room, 1, 0, SCRATCH_BYTES)
            assert sum(bands) == pixels and max(bands) <= room
            assert all(band == bands[0] and band % PIXELS == 0 for band in bands[:-1])
            assert PIXELS <= bands[-1] < bands[0] + PIXELS


def test_even_bands_are_about_equal() -> None:
    assert [even_bands(40, most) for most in (40, 39, 13, 10, 1)] == [40, 20, 10, 10, 1]


def test_split_order_is_that_of_sxtb16() -> None:
    assert split_order(8).tolist() == [0, 2, 1, 3, 4, 6, 5, 7]
