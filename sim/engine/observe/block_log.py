"""Following the blocks a core begins: names of functions in the log, blocks fetched.

A Python function is called for each block while one of them is on, so code runs some fifty times slower.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.engine.native import shared
from sim.engine.observe.proxies import UNLIMITED
from sim.engine.observe.symbols import symbol_at

if TYPE_CHECKING:
    from sim.engine.machine import Machine

BlockHook = Callable[[int, int], object]
"""Called with a block's address and size in bytes; the core runs, so it may look but not touch."""
_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint64)


class BlockFollower:
    """Calls hooks at each block of a machine's core; there is none in Unicorn while there is none here."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._hooks: dict[str, BlockHook] = {}
        self._callback = _CALLBACK(self._begins)
        self._handle = 0

    def set(self, key: str, hook: BlockHook | None) -> None:
        """Make ``hook`` the one of ``key``; None takes it back."""
        if hook is None:
            self._hooks.pop(key, None)
        else:
            self._hooks[key] = hook
        engine = self._machine.engine
        if self._hooks and not self._handle:
            self._handle = engine.add_block_hook(ctypes.cast(self._callback, ctypes.c_void_p).value or 0)
        elif not self._hooks and self._handle:
            engine.remove_hook(self._handle)
            self._handle = 0
        engine.forget_all_code()

    def has(self, key: str) -> bool:
        """Whether there is a hook of ``key``."""
        return key in self._hooks

    def _begins(self, uc: int, address: int, size: int, user: int) -> None:
        state = self._machine.engine.state
        if state[shared.BLOCK_ADDRESS] != address:
            return  # the rest of a block that was stopped inside
        state[shared.ACCESS_PC] = address
        state[shared.ACCESS_NOW] = state[shared.BLOCK_START]
        for hook in list(self._hooks.values()):
            try:
                hook(address, size)
            except Exception as error:  # it cannot cross Unicorn's C frames
                self._machine.log.error("%s: %s", type(error).__name__, error)


def function_names(machine: Machine, log: logging.Logger, prefixes: list[str], remove_duplicates: bool) -> BlockHook:
    """A hook that logs the function each block belongs to, as Renode's ``LogFunctionNames``."""
    previous: list[object] = [None]

    def begins(address: int, size: int) -> None:
        symbol = machine.symbols.function_at(address)
        if symbol is not None:
            if remove_duplicates and symbol is previous[0]:
                return
            previous[0] = symbol
        name = None if symbol is None else symbol_at(symbol, address)
        if prefixes and (name is None or not name.startswith(tuple(prefixes))):
            return
        where = "Entering function %s at 0x%X"
        log.info(where, name or "without name", address, extra=dict(UNLIMITED))

    return begins


def block_fetches(machine: Machine, log: logging.Logger) -> BlockHook:
    """A hook that logs each block, as Renode's ``LogTranslationBlockFetch``."""

    def begins(address: int, size: int) -> None:
        symbol = machine.symbols.function_at(address)
        name = f" - {symbol_at(symbol, address)}" if symbol is not None else ""
        log.info("Fetching block @ 0x%08X%s", address, name, extra=dict(UNLIMITED))

    return begins
