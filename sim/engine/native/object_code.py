# mypy: disable-error-code="no-any-return"
"""The host as LLVM sees it: machine code for it, as object files, and their functions in this process."""

from __future__ import annotations

import functools
from typing import Any

import llvmlite.binding as llvm


def host_processor() -> str:
    """What machine code is made for, and so whose it is: a home may be shared by hosts of several kinds."""
    return f"{llvm.get_default_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


@functools.cache
def target_machine() -> llvm.TargetMachine:
    """The host."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3, jit=True)


def object_file(module: llvm.ModuleRef, speed_level: int) -> bytes:
    """``module``, optimised in place, as an object file."""
    machine = target_machine()
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=speed_level))
    passes.getModulePassManager().run(module, passes)
    return machine.emit_object(module)


@functools.cache
def _engine() -> Any:
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())


def load(content: bytes, names: list[str]) -> list[int]:
    """Addresses of the functions ``names`` of an object file, in this process for good.

    LLVM ends the process where a file asks for a symbol that nobody has: it must ask for none but the C library's.
    """
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    return [engine.get_function_address(name) for name in names]
