"""Networks as WebAssembly: outputs bit for bit the reference's, nothing imported, the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("wasmtime")
pytest.importorskip("ziglang")

import wasmtime
from typer.testing import CliRunner

from model.compiler.tests.cases_networks import KINDS
from model.compiler.tests.host import ROOT, as_list, reference, run_reference_all
from model.compiler.tests.maker import Maker
from scripts.main import app

ZOO = ROOT / "model" / "zoo" / "person_car_160"


class Module:
    """A module of a network, run by wasmtime."""

    def __init__(self, path: Path) -> None:
        self.store = wasmtime.Store()
        module = wasmtime.Module.from_file(self.store.engine, str(path))
        assert not module.imports
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)

    def call(self, name: str, *arguments: int) -> int:
        return int(self.exports[name](self.store, *arguments) or 0)

    def run(self, images: list[np.ndarray]) -> list[bytes]:
        memory = self.exports["memory"]
        assert self.call("input_count") == len(images)
        for number, image in enumerate(images):
            assert self.call("input_bytes", number) == image.nbytes
            memory.write(self.store, image.tobytes(), self.call("input", number))
        self.call("run")
        ends = [
            (self.call("output", number), self.call("output_bytes", number))
            for number in range(self.call("output_count"))
        ]
        return [bytes(memory.read(self.store, start, start + size)) for start, size in ends]


def compiled(source: Path, folder: Path) -> Path:
    result = CliRunner().invoke(app, ["compile", str(source), "-o", str(folder), "--target", "wasm"])
    assert result.exit_code == 0, result.output
    assert "model.wasm" in result.output
    return folder / "model.wasm"


def test_the_shipped_model(tmp_path: Path) -> None:
    path = compiled(ZOO, tmp_path / "one")
    module, interpreter = Module(path), reference((ZOO / "model.tflite").read_bytes())
    for seed in range(2):
        image = np.random.default_rng(seed).integers(-128, 128, (160, 160, 3)).astype(np.int8)
        assert module.run([image]) == [output.tobytes() for output in run_reference_all(interpreter, image)]
    assert module.call("input", 1) == module.call("output_bytes", 7) == 0
    assert path.stat().st_size < 400_000


def test_a_generated_network(tmp_path: Path) -> None:
    case = next(iter(KINDS.values()))(Maker(5))
    source = tmp_path / "case.tflite"
    source.write_bytes(case.blob)
    path = compiled(source, tmp_path / "out")
    module, interpreter = Module(path), reference(case.blob)
    for images in case.images:
        expected = [output.tobytes() for output in run_reference_all(interpreter, images)]
        assert module.run(as_list(images)) == expected
    before = path.read_bytes()
    assert compiled(source, tmp_path / "out").read_bytes() == before


def test_assembly_is_not_for_it(tmp_path: Path) -> None:
    arguments = ["compile", str(ZOO), "-o", str(tmp_path), "--target", "wasm", "--optimize", "speed"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code != 0 and "--optimize speed" in str(result.exception)
    assert not list(tmp_path.iterdir())
