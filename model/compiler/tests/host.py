# mypy: disable-error-code="import-untyped"
"""Runs generated C on this machine: many compiled models in one shared library, beside the LiteRT reference."""

from __future__ import annotations

import atexit
import ctypes
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.card import Card
from model.compiler.compile import Options, build
from model.compiler.emit import emit
from model.compiler.program import Program
from model.evaluation.repair import reference_interpreter

ROOT = Path(__file__).resolve().parents[3]
NN = ROOT / "firmware" / "nn"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror"]
_OPTIONS = [*WARNINGS, "-O1", "-fPIC", f"-I{ROOT / 'firmware'}"]


def compiler() -> list[str]:
    """The host's C compiler: cc, gcc or clang, else the zig that the ziglang wheel brings."""
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name):
            return [name]
    return [sys.executable, "-m", "ziglang", "cc"]


@cache
def kernel_objects(command: tuple[str, ...]) -> tuple[list[str], str]:
    """Object files of all kernels by a compiler with its options, made once a process, or what it complains of."""
    folder = Path(tempfile.mkdtemp(prefix="crosscam-kernels-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    sources = map(str, sorted(NN.glob("*.c")))
    result = subprocess.run([*command, "-c", *sources], capture_output=True, text=True, cwd=folder, timeout=300)
    if result.returncode:
        return [], result.stderr or f"status {result.returncode}"
    return [str(path) for path in sorted(folder.glob("*.o"))], ""


def compile_library(sources: Sequence[Path], folder: Path, *, sanitize: bool = True) -> ctypes.CDLL:
    """Compile ``sources`` and all kernels, loudly on any warning; with UBSan where the compiler has it."""
    library = folder / "library.so"
    sanitizers: list[tuple[str, ...]] = [("-fsanitize=undefined",), ()] if sanitize else [()]
    for flags in sanitizers:
        kernels, complaint = kernel_objects((*compiler(), *_OPTIONS, *flags))
        if complaint:
            assert flags, complaint
            continue
        command = [*compiler(), *_OPTIONS, *flags, "-shared", f"-I{folder}", *map(str, sources), *kernels]
        result = subprocess.run([*command, "-o", str(library)], capture_output=True, text=True)
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

    def run(self, image: np.ndarray) -> np.ndarray:
        """int8 input of any shape -> int8[output_count]."""
        self.load(image)
        self.run_layers()
        return np.ctypeslib.as_array(self.output, (self.output_count,)).copy()

    def load(self, image: np.ndarray) -> None:
        """Copy ``image`` to the model's input."""
        assert image.dtype == np.int8
        assert image.size == int(self.input_height) * int(self.input_width) * int(self.input_channels)
        ctypes.memmove(self.input, np.ascontiguousarray(image).ctypes.data, image.size)

    def run_layers(self) -> None:
        """All layers on what the inputs hold."""
        for number in range(self.layer_count):
            self.layers[number].run()


class End(ctypes.Structure):
    """nn_tensor_t."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_uint32),
        ("type", ctypes.c_int),
        ("rank", ctypes.c_uint32),
        ("shape", ctypes.POINTER(ctypes.c_int32)),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32),
    )

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(("int8", "uint8", "int32", "int64", "float32", "bool", "int16")[self.type])

    @property
    def dimensions(self) -> tuple[int, ...]:
        return tuple(self.shape[: self.rank])

    def load(self, values: np.ndarray) -> None:
        """Copy ``values`` in."""
        assert values.dtype == self.dtype and values.nbytes == self.bytes, (values.dtype, self.dtype)
        ctypes.memmove(self.data, np.ascontiguousarray(values).ctypes.data, values.nbytes)

    def values(self) -> np.ndarray:
        """What is there now."""
        return np.frombuffer(ctypes.string_at(self.data, self.bytes), self.dtype).reshape(self.dimensions)


class Ends(ctypes.Structure):
    """nn_ends_t."""

    _fields_ = (
        ("inputs", ctypes.POINTER(End)),
        ("outputs", ctypes.POINTER(End)),
        ("input_count", ctypes.c_uint32),
        ("output_count", ctypes.c_uint32),
    )


Inputs = np.ndarray | Sequence[np.ndarray]


@dataclass(frozen=True)
class Network:
    """A compiled model with all its inputs and outputs."""

    model: Model
    ends: Ends

    def run(self, images: Inputs) -> list[np.ndarray]:
        """The outputs for one set of inputs."""
        for end, image in zip(self.ends.inputs[: self.ends.input_count], as_list(images), strict=True):
            end.load(image)
        self.model.run_layers()
        return [end.values() for end in self.ends.outputs[: self.ends.output_count]]


def as_list(images: Inputs) -> list[np.ndarray]:
    """One input alone, or several, as a list."""
    return [images] if isinstance(images, np.ndarray) else list(images)


_SOURCES = ("model.c", "model_weights.c", "model_weights.h")
"""What a host program needs of the files that the compiler writes; files cost more than what is in them."""


@dataclass(frozen=True)
class Case:
    """A one-off .tflite under test."""

    title: str
    blob: bytes
    images: Sequence[Inputs]


def test_card(program: Program, name: str, most_labels: int = 1000) -> Card:
    """A card for a model that has none, with a label for each of the first ``most_labels`` outputs."""
    source, output = program.graph.input, program.graph.output
    count = min(output.size, most_labels)
    zeros = (0,) * count
    return Card(
        id=name,
        title=name,
        file=f"{name}.tflite",
        sha256="0" * 64,
        labels=tuple(f"score {number}" for number in range(count)),
        macs=0,
        parameters=0,
        input_shape=source.hwc,
        input_scale=1.0,
        input_zero_point=0,
        output_scale=1.0,
        output_zero_point=0,
        thresholds=zeros,
        self_test_pattern="none",
        self_test_expected=zeros,
    )


test_card.__test__ = False  # type: ignore[attr-defined]


def compile_cases(cases: Sequence[Case], folder: Path, arithmetic: str = "litert") -> list[Network]:
    """The network of every case, all in one library and one translation unit."""
    lines, symbols = [], []
    for number, case in enumerate(cases):
        symbol = f"case_{number:04d}"
        program = build(Path(case.title), case.blob, Options(arithmetic=arithmetic), shuffles=10)
        target = folder / symbol
        target.mkdir()
        card = test_card(program, symbol, most_labels=4)
        files = emit(program.graph, program.calls, program.plan, card, symbol)
        for name in _SOURCES:
            (target / name).write_text(files[name])
        lines += [f'#include "{symbol}/model_weights.c"', f'#include "{symbol}/model.c"']
        symbols.append(symbol)
    source = folder / "cases.c"
    source.write_text("\n".join(lines) + "\n")
    library = compile_library([source], folder)
    return [network(library, symbol) for symbol in symbols]


def network(library: ctypes.CDLL, symbol: str) -> Network:
    """The network whose nn_model_t is ``symbol``."""
    return Network(Model.in_dll(library, symbol), Ends.in_dll(library, f"{symbol}_ends"))


def reference(blob: bytes, preserve: bool = False) -> Interpreter:
    """A LiteRT interpreter with reference kernels only."""
    return reference_interpreter(Path("case.tflite"), blob, preserve_all_tensors=preserve)[0]


def run_reference_all(interpreter: Interpreter, images: Inputs) -> list[np.ndarray]:
    """All outputs for one set of inputs."""
    for details, image in zip(interpreter.get_input_details(), as_list(images), strict=True):
        interpreter.set_tensor(details["index"], image.reshape(details["shape"]))
    interpreter.invoke()
    return [interpreter.get_tensor(details["index"]).copy() for details in interpreter.get_output_details()]


def run_reference(interpreter: Interpreter, image: np.ndarray) -> np.ndarray:
    """The flat first output for one input."""
    return run_reference_all(interpreter, image)[0].reshape(-1)
