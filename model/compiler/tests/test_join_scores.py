"""Several outputs as one list of scores, by the card that says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.card import write_card
from model.compiler.compile import Options, build, compile_model
from model.compiler.tests.cases_graded import graded_card, two_outputs
from model.errors import CrosscamError
from model.evaluation.reference import Reference


def test_the_scores_lie_end_to_end_and_nothing_is_copied() -> None:
    blob = two_outputs()
    apart, joined = build(Path("m"), blob), build(Path("m"), blob, Options(scores=(1, 3)))
    assert [output.size for output in apart.graph.outputs] == [1, 3]
    assert [output.size for output in joined.graph.outputs] == [4]
    assert [call.op.kind for call in joined.calls] == [call.op.kind for call in apart.calls]
    start = joined.plan.offset(joined.graph.output)
    places = [joined.plan.offset(call.output) for call in joined.calls if call.op.kind in ("LOGISTIC", "SOFTMAX")]
    assert sorted(places) == [start, start + 1]


def compiled(folder: Path, blob: bytes, **changes: object) -> None:
    (folder / "model.tflite").write_bytes(blob)
    write_card(graded_card(blob, 8, **changes), folder)
    compile_model(folder, folder / "out", firmware=True)


def test_the_firmware_is_told_of_grades_and_zones(tmp_path: Path) -> None:
    compiled(tmp_path, two_outputs())
    config = (tmp_path / "out" / "model_config.h").read_text()
    for line in ("NN_FIRST_GRADE    1", "NN_GRADES         3", "NN_ZONE_LABEL     0", "NN_ZONES          2"):
        assert f"#define {line}" in config
    assert "NN_FRAME_BUFFERS  3" in config
    model = (tmp_path / "out" / "model.c").read_text()
    assert '{"trusted", 100},' in model and ".output_count = 4," in model


@pytest.mark.parametrize(
    ("blob", "changes", "told"),
    [
        (two_outputs(), {"output_sizes": (2, 2)}, r"outputs have \[1, 3\] values, its card says .* \[2, 2\]"),
        (two_outputs(), {"output_sizes": (1, 1, 2)}, r"outputs have \[1, 3\] values"),
        (two_outputs("TANH"), {}, "'score' and 'grades' differ in type or scale"),
        (two_outputs(), {"output_sizes": ()}, "gives 1 scores, its card has 4 labels"),
    ],
)
def test_outputs_that_are_no_list_of_scores_get_one_line(
    tmp_path: Path, blob: bytes, changes: dict[str, object], told: str
) -> None:
    with pytest.raises(CrosscamError, match=told):
        compiled(tmp_path, blob, **changes)
    assert not (tmp_path / "out").exists()


def test_the_reference_reads_all_outputs(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(two_outputs())
    picture = np.random.default_rng(1).integers(-128, 128, (8, 8, 3)).astype(np.int8)
    both, first = Reference(tmp_path / "m.tflite", 2).scores(picture), Reference(tmp_path / "m.tflite").scores(picture)
    assert both.shape == (4,) and both.dtype == np.int8
    assert both[:1].tolist() == first.tolist()
    assert abs(int(both[1:].astype(int).sum()) + 3 * 128 - 256) <= 2  # a softmax sums to 1
    with pytest.raises(CrosscamError, match="has 2 outputs, expected 3"):
        Reference(tmp_path / "m.tflite", 3)
    (tmp_path / "m.tflite").write_bytes(two_outputs("TANH"))
    with pytest.raises(CrosscamError, match="differ in scale"):
        Reference(tmp_path / "m.tflite", 2)
