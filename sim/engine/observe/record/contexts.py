"""What a core runs in: thread or exception, and on which stack. Follows exceptions, their return, sleep and threads.

An exception stands on the call stack of what it interrupted. Where it returns to another stack than the one it came
from, that is another thread: each has a call stack of its own, found again by its stack pointer (ARMv7-M B1.5.6).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.special_registers import CONTROL_SPSEL
from sim.engine.native import block_record as native
from sim.engine.native import shared
from sim.engine.observe.record.recorder import EXCEPTION, OUTSIDE, SLEEP, THREAD, BlockRecorder

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)
_SYNCHRONOUS = (exc.HARD_FAULT, exc.MEM_MANAGE, exc.BUS_FAULT, exc.USAGE_FAULT, exc.DEBUG_MONITOR)
"""Exceptions that end a block at the instruction they belong to; others are taken between two blocks."""
_NOWHERE = 1 << 32


@dataclass
class Stack:
    """One stack: the highest and the lowest stack pointer seen; ``function``: the first its thread runs, 0 for MSP."""

    function: int = 0
    highest: int = 0
    lowest: int = _NOWHERE

    @property
    def used(self) -> int:
        """Bytes between the two."""
        return max(0, self.highest - self.lowest)


@dataclass
class _Suspended:
    """What an exception interrupted: its frames are those below the exception's; ``frames`` where it has to wait."""

    floor: int
    depth: int
    last: int
    pending: int
    stack_pointer: int
    stack: Stack
    frames: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


class Contexts:
    """Keeps the call stack of ``recorder`` to the context that runs."""

    def __init__(self, recorder: BlockRecorder) -> None:
        self._recorder = recorder
        self._slots = recorder.slots
        self._machine = recorder.machine
        self._cpu = recorder.machine.cpu
        self._state = recorder.machine.engine.state
        self._suspended: list[_Suspended] = []
        self._waiting: dict[int, _Suspended] = {}  # threads by stack pointer
        self._threads = 1
        self._asleep = self._has_left = False
        self._number = 0
        self._main = self._stack = Stack()
        self.stacks: list[Stack] = [self._main]
        """The main stack, and one for each thread that uses another."""
        self.on_handler: list[Callable[[int, int], None]] = []
        """Called with the exception's number and the cycle of its handler's first instruction."""
        self.on_change: list[Callable[[int], None]] = []
        """Called with the cycle when what runs has changed without a block: exception entry and end, sleep."""
        self._moved_to: Callable[[int, int], int] = self._stack_selected
        self._moved = _CALLBACK(self._was_moved)
        self._slots[native.FN_MOVED] = ctypes.cast(self._moved, ctypes.c_void_p).value or 0
        self._start_over()
        cpu = self._cpu
        self._heard: list[tuple[list[Any], Callable[..., Any]]] = [
            (cpu.on_interrupt_begin, self._exception_begins),
            (cpu.on_interrupt_end, self._exception_ends),
            (cpu.on_stacked, self._stacked),
            (cpu.on_sleep, self._sleeps),
            (cpu.on_moved, self._start_over),
            (self._machine.on_reset, self._start_over),
        ]
        for hooks, hook in self._heard:
            hooks.append(hook)

    def close(self) -> None:
        """Hear nothing any more."""
        for hooks, hook in self._heard:
            hooks.remove(hook)
        self._use(self._stack)

    @property
    def now(self) -> int:
        """The cycle the core stands at."""
        return self._state[shared.NOW]

    # Stacks

    def _use(self, stack: Stack) -> None:
        self._stack.lowest = min(self._stack.lowest, self._slots[native.LOWEST])
        self._stack = stack
        self._slots[native.LOWEST] = stack.lowest

    def settle(self) -> None:
        """Bring ``stacks`` up to date."""
        self._use(self._stack)

    def _stacked(self, address: int, data: bytes) -> None:
        """An exception's frame is written to the stack of what it interrupts."""
        stack = self._suspended[-1].stack if self._suspended else self._stack
        stack.lowest = min(stack.lowest, address)
        if stack is self._stack:
            self._slots[native.LOWEST] = min(self._slots[native.LOWEST], address)

    def _on_process_stack(self) -> bool:
        return bool(self._cpu.register_file.read("control") & CONTROL_SPSEL)

    def _stack_selected(self, address: int, pointer: int) -> int:
        """Code of a thread has written CONTROL."""
        on_main = self._stack is self._main
        if not self._suspended and self._on_process_stack() == on_main:
            self._use(self._new_stack(address) if on_main else self._main)
            self._stack.highest = max(self._stack.highest, pointer)
        return native.ONWARD

    def _new_stack(self, address: int) -> Stack:
        stack = Stack(address)
        self.stacks.append(stack)
        return stack

    # Exceptions

    def _exception_begins(self, number: int) -> None:
        slots, recorder = self._slots, self._recorder
        recorder.charge(self.now)
        self._wakes()
        if self._has_left:  # from handler to handler: what is interrupted stays so
            slots[native.DEPTH] = self._suspended[-1].depth
        else:
            if number in _SYNCHRONOUS:
                recorder.cut_last(self._cpu.pc)
                slots[native.PENDING] = native.ONWARD
            self._suspended.append(
                _Suspended(
                    slots[native.FLOOR], slots[native.DEPTH], slots[native.LAST], slots[native.PENDING],
                    self._cpu.sp, self._stack,
                )
            )  # fmt: skip
        self._has_left = False
        self._number = number
        recorder.push(EXCEPTION | number)
        slots[native.FLOOR] = slots[native.DEPTH]
        self._use(self._main)
        self._outside(self._entered)

    def _outside(self, moved_to: Callable[[int, int], int]) -> None:
        """No block runs; the next one is where ``moved_to`` says."""
        self._slots[native.LAST] = self._recorder.row_address(OUTSIDE)
        self._slots[native.PENDING] = native.MOVED
        self._moved_to = moved_to
        for hook in self.on_change:
            hook(self.now)

    def _entered(self, address: int, pointer: int) -> int:
        self._main.highest = max(self._main.highest, pointer)
        for hook in self.on_handler:
            hook(self._number, self._slots[native.LAST_START])
        return native.ONWARD

    def _exception_ends(self, number: int) -> None:
        if self._suspended:
            self._recorder.charge(self.now)
            self._slots[native.DEPTH] = self._slots[native.FLOOR]
            self._has_left = True
            self._outside(self._resumed)

    def _resumed(self, address: int, pointer: int) -> int:
        """An exception has returned: to what it interrupted, or to another thread."""
        slots, frames = self._slots, self._recorder.frames
        self._has_left = False
        back = self._suspended.pop()
        if not self._suspended and pointer != back.stack_pointer:
            back.frames = frames[: back.depth].copy()
            self._waiting[back.stack_pointer] = back
            found = self._waiting.pop(pointer, None)
            if found is None:
                return self._new_thread(address, pointer)
            back = found
            frames[: back.depth] = back.frames
        slots[native.DEPTH], slots[native.FLOOR], slots[native.LAST] = back.depth, back.floor, back.last
        self._use(back.stack)
        return back.pending

    def _new_thread(self, address: int, pointer: int) -> int:
        recorder = self._recorder
        recorder.frames[0] = recorder.child(0, THREAD | min(self._threads, 0xFFFF)), 0, 0, 0
        self._threads += 1
        self._slots[native.DEPTH] = self._slots[native.FLOOR] = 1
        self._use(self._new_stack(address) if self._on_process_stack() else self._main)
        self._stack.highest = max(self._stack.highest, pointer)
        return native.ONWARD

    # Sleep, reset

    def _sleeps(self, begins: bool) -> None:
        self._recorder.charge(self.now)
        if begins and not self._asleep:
            self._recorder.push(SLEEP)
            self._slots[native.LAST] = self._recorder.row_address(OUTSIDE)
            self._asleep = True
            for hook in self.on_change:
                hook(self.now)
        elif not begins:
            self._wakes()

    def _wakes(self) -> None:
        if self._asleep:
            self._asleep = False
            self._slots[native.DEPTH] -= 1
            for hook in self.on_change:
                hook(self.now)

    def _start_over(self) -> None:
        """Reset, or the host has moved the core."""
        recorder = self._recorder
        recorder.charge(self.now)
        self._suspended.clear()
        self._asleep = self._has_left = False
        recorder.frames[0] = 0
        self._slots[native.DEPTH] = self._slots[native.FLOOR] = 1
        self._use(self._main)
        self._outside(self._started)

    def _started(self, address: int, pointer: int) -> int:
        self._main.highest = max(self._main.highest, pointer)
        return native.ONWARD

    def _was_moved(self, address: int, pointer: int, unused: int) -> int:
        moved_to, self._moved_to = self._moved_to, self._stack_selected
        try:
            return moved_to(address, pointer)
        except Exception:  # must not cross Unicorn's frames
            self._machine.log.exception("call stack lost at 0x%08X", address)
            return native.ONWARD
