"""Exception entry and return: stack frames, modes and stacks, as ARM DDI 0403E has them (B1.5.6 to B1.5.8).

Of its pseudocode ``enter`` is PushStack, ``leave`` ExceptionReturn with DeActivate, ``_restore`` PopStack and
``_start_handler`` ExceptionTaken.
"""

from __future__ import annotations

import struct

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m import scb
from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.fpu import BFRDY, HFRDY, MMRDY, MONRDY, THREAD, USER, Reservation
from sim.engine.cortex_m.special_registers import (
    CONTROL_FPCA,
    CONTROL_NPRIV,
    CONTROL_SPSEL,
    XPSR_ALIGN,
    XPSR_EXCEPTION,
    XPSR_FLAGS,
    XPSR_THUMB,
)
from sim.engine.native import shared
from sim.engine.native.protection import READ, WRITE
from sim.engine.native.registers import FLOATS, Registers

BASIC_FRAME = 0x20
EXTENDED_FRAME = 0x68
RETURN_NO_FP = 1 << 4
RETURN_THREAD = 1 << 3
RETURN_PSP = 1 << 2

_FRAME = ("r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr")


class ExceptionUnit:
    """Moves the core in and out of handlers."""

    def __init__(self, core: Core) -> None:
        self._core = core
        engine = core.engine
        self._frame_and_mode = Registers(engine, *_FRAME, "sp", "control")
        self._floats = Registers(engine, *FLOATS[:16], "fpscr")
        self._sp = Registers(engine, "sp")
        self._msp = Registers(engine, "msp")
        self._control = Registers(engine, "control")
        self._xpsr = Registers(engine, "xpsr")
        self._mode = Registers(engine, "control", "xpsr")
        self._start = Registers(engine, "control", "xpsr", "lr", "pc")
        # Stack pointer and CONTROL, and all that a return restores, by the stack it comes from (True: PSP). CONTROL
        # comes first, privileged, so that the writes behind it are not ignored.
        self._stack = {psp: Registers(engine, "psp" if psp else "msp", "control") for psp in (False, True)}
        self._context = {
            psp: Registers(engine, "control", "psp" if psp else "msp", *_FRAME, "xpsr_ge", "control")
            for psp in (False, True)
        }
        self._faultmask_below_nmi = 0
        """A handler of NMI cannot set it on a chip (B5.2.3); Unicorn lets it."""

    def enter(self, number: int) -> None:
        """Stack the present context and start the handler of ``number``."""
        core = self._core
        for hook in core.on_interrupt_begin:
            hook(number)
        core.engine.spend(core.timing.entry_cycles)
        nvic = core.nvic
        *frame, sp, control = self._frame_and_mode.read()
        xpsr = frame[7]
        in_handler = xpsr & XPSR_EXCEPTION
        with_floats = bool(control & CONTROL_FPCA)
        size = EXTENDED_FRAME if with_floats else BASIC_FRAME
        align = sp >> 2 & 1 if with_floats or nvic.scb.ccr & scb.CCR_STKALIGN else 0
        sp = (sp - size - 4 * align) & 0xFFFFFFFF
        frame[7] = xpsr & ~XPSR_ALIGN | align << 9
        data = struct.pack("<8I", *frame)
        problem = 0
        if with_floats:
            data += struct.pack("<18I", *self._floats.read(), 0)
            if nvic.fpu.lazy:
                nvic.fpu.reserve(Reservation(sp + BASIC_FRAME, self._ready_bits(not in_handler, control)))
            elif not self._floats_allowed(not in_handler, control):
                problem = scb.NOCP
                data = data[:BASIC_FRAME]
        now_stacked = BASIC_FRAME if nvic.fpu.lazy else size
        core.engine.spend(core.timing.frame_cycles(sp, now_stacked, True))
        if not core.protection.allows(sp, len(data), WRITE, bool(in_handler) or not control & CONTROL_NPRIV):
            problem = scb.MSTKERR
        elif not core.stack_write(sp, data):
            problem = scb.STKERR
        exc_return = 0xFFFFFFE1 | (not with_floats) << 4
        if not in_handler:
            exc_return |= RETURN_THREAD | (RETURN_PSP if control & CONTROL_SPSEL else 0)
        self._sp.write(sp)
        self._handler_mode(number, xpsr, control)
        core.wake()
        if problem:
            number = self._stacking_failed(number, problem)
        self._start_handler(number, exc_return)

    def _ready_bits(self, thread: bool, control: int) -> int:
        """UpdateFPCCR (B1.5.7): which faults of the stacking to come could be taken now, and what was interrupted."""
        nvic = self._core.nvic
        exceptions, priority = nvic.exceptions, nvic.execution_priority()
        bits = (HFRDY if priority > -1 else 0) | (THREAD if thread else 0)
        bits |= USER if thread and control & CONTROL_NPRIV else 0
        for bit, number in ((MMRDY, exc.MEM_MANAGE), (BFRDY, exc.BUS_FAULT), (MONRDY, exc.DEBUG_MONITOR)):
            enabled = nvic.debug.monitor_enabled if number == exc.DEBUG_MONITOR else exceptions.enabled >> number & 1
            if enabled and exceptions.group(exceptions.base_priority(number)) < priority:
                bits |= bit
        return bits

    def _floats_allowed(self, thread: bool, control: int) -> bool:
        """CheckVFPEnabled (B1.5.7) of the code that was interrupted, or is returned to."""
        return self._core.nvic.scb.floats_allowed(not (thread and control & CONTROL_NPRIV))

    def leave(self, exc_return: int) -> None:
        """The handler returned with ``exc_return``: take the next exception at once, or restore the stacked context."""
        core = self._core
        nvic = core.nvic
        exceptions = nvic.exceptions
        exc_return |= 1  # the lowest bit went into the Thumb state
        number = core.exception_number
        for hook in core.on_interrupt_end:
            hook(number)
        problem = self._return_problem(number, exc_return)
        if exceptions.active >> number & 1:
            exceptions.deactivate(number)
        if number == exc.NMI:
            core.set_faultmask(self._faultmask_below_nmi)
        else:
            core.set_faultmask(0)
        core.state[shared.EVENT_REGISTER] = 1
        if problem:
            core.log.warning("exception return with 0x%08X: %s", exc_return, problem)
            self._tail_fault(exc.USAGE_FAULT, scb.INVPC, exc_return)
            return
        following = nvic.next_exception()
        if following:
            core.engine.spend(core.timing.tail_cycles)
            for hook in core.on_interrupt_begin:
                hook(following)
            self._start_handler(following, exc_return)
            return
        self._restore(exc_return)

    def _return_problem(self, number: int, exc_return: int) -> str:
        """Why the core must refuse this return; empty when it may not."""
        exceptions = self._core.nvic.exceptions
        if exc_return & 0xFFFFFFE0 != 0xFFFFFFE0 or exc_return & 0xF not in (0x1, 0x9, 0xD):
            return "no valid EXC_RETURN"
        if not exceptions.active >> number & 1:
            return f"{exc.name_of(number)} is not active"
        others = exceptions.active & ~(1 << number)
        if exc_return & RETURN_THREAD:
            if others and not self._core.nvic.scb.ccr & scb.CCR_NONBASETHRDENA:
                return "to thread mode while other exceptions are active"
        elif not others:
            return "to a handler while no other exception is active"
        return ""

    def _restore(self, exc_return: int) -> None:
        """Unstack the frame and go on where it says."""
        core = self._core
        core.engine.spend(core.timing.return_cycles)
        nvic = core.nvic
        core.engine.clear_exclusive()
        from_psp = bool(exc_return & RETURN_PSP)
        to_thread = bool(exc_return & RETURN_THREAD)
        sp, control = self._stack[from_psp].read()
        with_floats = not exc_return & RETURN_NO_FP
        size = EXTENDED_FRAME if with_floats else BASIC_FRAME
        if not core.protection.allows(sp, size, READ, not to_thread or not control & CONTROL_NPRIV):
            self._tail_fault(exc.MEM_MANAGE, scb.MUNSTKERR, exc_return)
            return
        data = core.stack_read(sp, size)
        if data is None:
            nvic.scb.cfsr.value |= scb.UNSTKERR
            self._tail_fault(exc.BUS_FAULT, scb.UNSTKERR, exc_return)
            return
        frame = list(struct.unpack_from("<8I", data))
        xpsr = frame[7]
        if to_thread == bool(xpsr & XPSR_EXCEPTION):
            self._tail_fault(exc.USAGE_FAULT, scb.INVPC, exc_return)
            return
        floats_loaded = with_floats and not nvic.fpu.release()
        if floats_loaded:
            if not self._floats_allowed(False, 0):
                self._tail_fault(exc.USAGE_FAULT, scb.NOCP, exc_return)
                return
            self._floats.write(*struct.unpack_from("<17I", data, BASIC_FRAME))
        core.engine.spend(core.timing.frame_cycles(sp, size if floats_loaded else BASIC_FRAME, False))
        if xpsr & XPSR_ALIGN and (with_floats or nvic.scb.ccr & scb.CCR_STKALIGN):
            size += 4 & ~(sp + size)
        sp = (sp + size) & 0xFFFFFFFF
        frame[7] = xpsr & ~XPSR_ALIGN
        control = control & CONTROL_NPRIV | (CONTROL_FPCA if with_floats else 0)
        if to_thread:
            control |= CONTROL_SPSEL if from_psp else 0
        self._context[from_psp].write(0, sp, *frame, frame[7], control)
        core.engine.rebuild_mode(xpsr)
        if to_thread and nvic.scb.scr & scb.SCR_SLEEPONEXIT:
            core.sleep()

    def _handler_mode(self, number: int, xpsr: int, control: int) -> None:
        """Handler mode on the main stack; privilege and stack choice of thread mode are left as on a chip."""
        handler = xpsr & XPSR_FLAGS | XPSR_THUMB | number
        if xpsr & XPSR_EXCEPTION:
            self._control.write(control & CONTROL_NPRIV)
            self._xpsr.write(handler)
            return
        if control & CONTROL_NPRIV:
            # CONTROL ignores unprivileged writes, and its stack bit ignores writes in handler mode: drop nPRIV in
            # handler mode, come back for the stack bit.
            self._xpsr.write(handler)
            self._control.write(0)
            self._xpsr.write(xpsr & XPSR_FLAGS | XPSR_THUMB)
        self._mode.write(0, handler)
        if control & CONTROL_NPRIV:
            self._control.write(CONTROL_NPRIV)

    def _start_handler(self, number: int, exc_return: int) -> None:
        """ExceptionTaken (B1.5.6): begin the handler of ``number``; the context is already stacked."""
        core = self._core
        nvic = core.nvic
        core.engine.clear_exclusive()
        core.state[shared.EVENT_REGISTER] = 1
        entry = core.vector(number)
        if entry is None:
            core.log.error("vector of %s cannot be read, table at 0x%08X", exc.name_of(number), nvic.scb.vector_table)
            nvic.scb.hfsr.value |= scb.HFSR_VECTTBL
            hard_fault = None if number == exc.HARD_FAULT else core.vector(exc.HARD_FAULT)
            if hard_fault is None:
                nvic.exceptions.activate(number)
                core.lock_up("no vector to take")
                return
            number, entry = exc.HARD_FAULT, hard_fault
        nvic.exceptions.activate(number)
        if number == exc.NMI:
            self._faultmask_below_nmi = core.masks().faultmask
        control, xpsr = self._mode.read()
        handler = xpsr & XPSR_FLAGS | (XPSR_THUMB if entry & 1 else 0) | number
        self._start.write(control & ~CONTROL_FPCA, handler, exc_return, entry)
        core.engine.rebuild_mode(xpsr)
        if core.log.isEnabledFor(10):
            core.log.debug("enters %s at 0x%08X", exc.name_of(number), entry & ~1)

    def _stacking_failed(self, number: int, problem: int) -> int:
        """The frame could not be written: the exception to take instead; ``number`` stays pending.

        ``problem``: the CFSR bit of the derived exception (B1.5.11), MSTKERR, STKERR or NOCP.
        """
        core = self._core
        nvic = core.nvic
        nvic.scb.cfsr.value |= problem
        core.log.warning("stack of %s cannot be written, SP 0x%08X", exc.name_of(number), self._msp.read()[0])
        kinds = {scb.MSTKERR: exc.MEM_MANAGE, scb.STKERR: exc.BUS_FAULT, scb.NOCP: exc.USAGE_FAULT}
        replacement = core.nvic.resolve(kinds[problem])
        if number in (exc.HARD_FAULT, exc.NMI) or replacement == 0:
            return number
        if replacement != number and number not in (exc.MEM_MANAGE, exc.USAGE_FAULT, exc.SV_CALL):
            nvic.exceptions.pend(number)
        return replacement

    def _tail_fault(self, kind: int, bits: int, exc_return: int) -> None:
        """A fault found during a return: its handler runs on the frame that is still stacked."""
        core = self._core
        core.nvic.scb.cfsr.value |= bits
        number = core.nvic.resolve(kind)
        if number == 0:
            core.lock_up("fault during exception return")
            return
        for hook in core.on_interrupt_begin:
            hook(number)
        self._start_handler(number, exc_return | 0xF0000000)
