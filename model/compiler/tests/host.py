# mypy: disable-error-code="import-untyped"
"""Runs generated C on this machine: many compiled models in one shared library, beside the LiteRT reference."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from model.card import Card
from model.compiler.compile import Program, build
from model.compiler.emit import emit

ROOT = Path(__file__).resolve().parents[3]
NN = ROOT / "firmware" / "nn"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror"]


def compiler() -> list[str]:
    """The host's C compiler: cc, gcc or clang, else the zig that the ziglang wheel brings."""
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    return [sys.executable, "-m", "ziglang", "cc"]


def compile_library(sources: Sequence[Path], folder: Path, *, sanitize: bool = True) -> ctypes.CDLL:
    """Compile ``sources`` and all kernels, loudly on any warning; with UBSan where the compiler has it."""
    library = folder / "library.so"
    command = [*compiler(), *WARNINGS, "-O1", "-fPIC", "-shared", f"-I{ROOT / 'firmware'}", f"-I{folder}"]
    files = [str(path) for path in [*sources, *sorted(NN.glob("*.c"))]]
    sanitizers = [["-fsanitize=undefined"], []] if sanitize else [[]]
    for flags in sanitizers:
        result = subprocess.run([*command, *flags, *files, "-o", str(library)], capture_output=True, text=True)
        if result.returncode == 0:
            try:
                return ctypes.CDLL(str(library))
            except OSError:
                continue  # the sanitizer's run-time library is missing
    raise AssertionError(result.stderr)


class Layer(ctypes.Structure):
    """nn_layer_t."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("op", ctypes.c_char_p),
        ("macs", ctypes.c_uint32),
        ("run", ctypes.CFUNCTYPE(None)),
    )


class Model(ctypes.Structure):
    """nn_model_t."""

    _fields_ = (
        ("id", ctypes.c_char_p),
        ("hash", ctypes.c_char_p),
        ("input_height", ctypes.c_uint16),
        ("input_width", ctypes.c_uint16),
        ("input_channels", ctypes.c_uint16),
        ("input", ctypes.POINTER(ctypes.c_int8)),
        ("output", ctypes.POINTER(ctypes.c_int8)),
        ("output_count", ctypes.c_uint16),
        ("labels", ctypes.POINTER(ctypes.c_char_p)),
        ("thresholds", ctypes.POINTER(ctypes.c_int8)),
        ("arena_bytes", ctypes.c_uint32),
        ("weight_bytes", ctypes.c_uint32),
        ("layer_count", ctypes.c_uint16),
        ("layers", ctypes.POINTER(Layer)),
        ("self_test_expected", ctypes.POINTER(ctypes.c_int8)),
    )

    @property
    def input_size(self) -> int:
        return int(self.input_height) * int(self.input_width) * int(self.input_channels)

    def run(self, image: np.ndarray) -> np.ndarray:
        """int8 input of any shape -> int8[output_count]."""
        self.load(image)
        for number in range(self.layer_count):
            self.layers[number].run()
        return np.ctypeslib.as_array(self.output, (self.output_count,)).copy()

    def load(self, image: np.ndarray) -> None:
        """Copy ``image`` to the model's input."""
        assert image.dtype == np.int8 and image.size == self.input_size
        ctypes.memmove(self.input, np.ascontiguousarray(image).ctypes.data, image.size)


@dataclass(frozen=True)
class Case:
    """A one-off .tflite under test."""

    title: str
    blob: bytes
    images: list[np.ndarray]


def test_card(program: Program, name: str) -> Card:
    """A card for a model that has none."""
    source, output = program.graph.input, program.graph.output
    zeros = (0,) * output.size
    return Card(
        id=name,
        title=name,
        file=f"{name}.tflite",
        sha256="0" * 64,
        labels=tuple(f"score {number}" for number in range(output.size)),
        macs=0,
        parameters=0,
        input_shape=source.hwc,
        input_scale=source.scale,
        input_zero_point=source.zero_point,
        output_scale=output.scale,
        output_zero_point=output.zero_point,
        thresholds=zeros,
        self_test_pattern="none",
        self_test_expected=zeros,
    )


test_card.__test__ = False  # type: ignore[attr-defined]


def compile_cases(cases: Sequence[Case], folder: Path) -> list[Model]:
    """The nn_model_t of every case, all in one library and one translation unit."""
    lines, symbols = [], []
    for number, case in enumerate(cases):
        symbol = f"case_{number:04d}"
        program = build(Path(case.title), case.blob)
        target = folder / symbol
        target.mkdir()
        for name, text in emit(program.graph, program.calls, program.plan, test_card(program, symbol), symbol).items():
            (target / name).write_text(text)
        lines += [f'#include "{symbol}/model_weights.c"', f'#include "{symbol}/model.c"']
        symbols.append(symbol)
    source = folder / "cases.c"
    source.write_text("\n".join(lines) + "\n")
    library = compile_library([source], folder)
    return [Model.in_dll(library, symbol) for symbol in symbols]


def reference(blob: bytes, preserve: bool = False) -> Interpreter:
    """A LiteRT interpreter with reference kernels only."""
    interpreter = Interpreter(
        model_content=blob,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        num_threads=1,
        experimental_preserve_all_tensors=preserve,
    )
    interpreter.allocate_tensors()
    return interpreter


def run_reference(interpreter: Interpreter, image: np.ndarray) -> np.ndarray:
    """The flat int8 output for one int8 input."""
    details = interpreter.get_input_details()[0]
    interpreter.set_tensor(details["index"], image.reshape(details["shape"]))
    interpreter.invoke()
    output: np.ndarray = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).reshape(-1)
    return output
