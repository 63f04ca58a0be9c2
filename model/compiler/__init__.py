"""Ahead-of-time compiler: an int8 .tflite and its card -> readable C with a static memory plan. No TensorFlow.

    read (reader, constants, operators) -> optimise (passes) -> choose kernels (kernels) -> plan memory (memory) -> emit

The result is bit for bit that of LiteRT's reference kernels, the default because every model can be held against them
on a host; ``Options(arithmetic="tflm")`` gives TensorFlow Lite Micro's.
"""

from __future__ import annotations

from model.compiler.compile import compile_model
from model.compiler.report import CompileReport

__all__ = ["CompileReport", "compile_model"]
