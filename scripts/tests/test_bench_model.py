"""``crosscam bench-model`` on small models: its table, its JSON, its verdict, its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model.card import write_card
from model.compiler.compile import Options
from model.compiler.tests import cases_fast, cases_weighted
from model.compiler.tests.cases_graded import graded_card, two_outputs
from model.compiler.tests.maker import Maker
from scripts import bench_model
from scripts.main import app
from sim.bench.toolchains import installed as toolchains

pytestmark = pytest.mark.skipif(not toolchains(), reason="no toolchain for ARM is installed")


def model(folder: Path, kind: str, seed: int = 5) -> Path:
    path = folder / f"{kind}.tflite"
    kinds = {**cases_fast.KINDS, **cases_weighted.KINDS}
    path.write_bytes(kinds[kind](Maker(seed)).blob)
    return path


@pytest.mark.parametrize("toolchain", ["gcc", "zig"])
def test_several_models_by_each_toolchain(toolchain: str, tmp_path: Path) -> None:
    if toolchain not in toolchains():
        pytest.skip(f"toolchain {toolchain} is not installed")
    paths = [model(tmp_path, kind) for kind in ("fast_conv", "fast_depthwise")]
    report = tmp_path / "report.json"
    arguments = ["bench-model", *map(str, paths), "--json", str(report), "--toolchain", toolchain]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    for path, row in zip(paths, json.loads(report.read_text())["models"], strict=True):
        assert row["model"] == path.stem and row["equal"]
        assert row["cycles"] == sum(layer["cycles"] for layer in row["layers"]) > 0
        assert row["cycles_per_mac"] == pytest.approx(row["cycles"] / row["macs"])
        assert all(row[size] > 0 for size in ("flash", "arena", "data", "stack"))
        assert "equal" in result.output


@pytest.mark.parametrize("toolchain", ["gcc", "zig"])
def test_what_reckons_in_floating_point_has_an_fpu(toolchain: str, tmp_path: Path) -> None:
    if toolchain not in toolchains():
        pytest.skip(f"toolchain {toolchain} is not installed")
    assert bench_model.bench(model(tmp_path, "fully_connected"), Options(optimize="speed"), toolchain).equal


def test_generated_kernels_are_faster(tmp_path: Path) -> None:
    path = model(tmp_path, "fast_bands", 6)
    fast, plain = (bench_model.bench(path, Options(optimize=optimize), None) for optimize in ("speed", "size"))
    assert fast.equal and plain.equal
    assert fast.layers[0].kernel.startswith("nn_fast_") and not plain.layers[0].kernel.startswith("nn_fast_")
    assert 2 * fast.cycles < plain.cycles


def test_outputs_that_a_card_joins_are_compared_as_one(tmp_path: Path) -> None:
    blob = two_outputs()
    (tmp_path / "model.tflite").write_bytes(blob)
    write_card(graded_card(blob), tmp_path)
    result = CliRunner().invoke(app, ["bench-model", str(tmp_path)])
    assert result.exit_code == 0 and "equal" in result.output, result.output


def test_a_wrong_output_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.bench.bare_network import BareNetwork

    right = BareNetwork.output
    monkeypatch.setattr(BareNetwork, "output", lambda self, number: right(self, number)[::-1])
    result = CliRunner().invoke(app, ["bench-model", str(model(tmp_path, "fast_conv"))])
    assert result.exit_code == 1 and "DIFFER" in result.output


@pytest.mark.parametrize(("option", "value"), [("--toolchain", "msvc"), ("--optimize", "beauty")])
def test_an_unknown_choice_is_one_line(option: str, value: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["bench-model", str(model(tmp_path, "fast_conv")), option, value])
    assert result.exit_code != 0
    assert value in str(result.exception) or value in result.output
