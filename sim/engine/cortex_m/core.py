"""The core as its parts see it: registers, memory for stacking, sleep and lockup."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.exceptions import Masks
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.cortex_m.protection import Protection
from sim.engine.cortex_m.services import CoreServices
from sim.engine.cortex_m.special_registers import CONTROL_FPCA, CONTROL_NPRIV, XPSR_EXCEPTION, XPSR_THUMB
from sim.engine.devices.base import Device
from sim.engine.native import shared, stops
from sim.engine.native.registers import GENERAL, Registers
from sim.errors import CrosscamError


class Core(Device):
    """What there is of a core while it stands; ``CortexM`` lets it run. ``nvic`` takes its interrupts."""

    def __init__(self, services: CoreServices, name: str, nvic: Nvic) -> None:
        super().__init__(services, name)
        self.core_services = services
        self.engine = services.engine
        self.state = services.engine.state
        self.timing = services.timing
        self.nvic = nvic
        nvic.cpu = self
        self.protection = Protection(self.engine, nvic.mpu, lambda: self.privileged, lambda: nvic.exceptions.active)
        self.sleeping = ""  # "", "wfi" or "wfe"
        self.locked_up = ""  # why, when the core has locked up
        self.halted = True  # nothing to run yet
        self.single_step = False
        self.wfi_as_nop = False  # WFI and WFE do not wait
        self._told_asleep = False
        self._held = False
        self._stops: memoryview[int] = memoryview(self.engine.hooking)  # type: ignore[arg-type]
        self._pc = Registers(self.engine, "pc")
        self._place = Registers(self.engine, "pc", "xpsr")
        self._xpsr = Registers(self.engine, "xpsr")
        self._control = Registers(self.engine, "control")
        self._masks = Registers(self.engine, "primask", "basepri", "faultmask")
        self._general = Registers(self.engine, *GENERAL, "sp", "lr")
        self.on_interrupt_begin: list[Callable[[int], object]] = []
        """Called with the exception's number when the core enters a handler, before anything is stacked."""
        self.on_interrupt_end: list[Callable[[int], object]] = []
        """Called with the exception's number when a handler returns, before anything is unstacked."""
        self.on_sleep: list[Callable[[bool], object]] = []
        """Called with True when the core falls asleep (WFI, WFE), with False when it goes on."""
        self.on_moved: list[Callable[[], None]] = []
        """Called when the host has set the program counter elsewhere."""
        self.on_stacked: list[Callable[[int, bytes], None]] = []
        """Called with address and bytes before a stack frame is written."""

    # Registers

    @property
    def pc(self) -> int:
        """Address of the instruction being run, or to be run next."""
        return self.state[shared.ACCESS_PC] if self.state[shared.IN_RUN] else self._pc.read()[0]

    @pc.setter
    def pc(self, address: int) -> None:
        if self.state[shared.IN_RUN]:
            raise CrosscamError(
                f"{self.name}: PC cannot be set in the middle of an instruction: set it from an AddHook"
            )
        if address | 1 != self.pc_register | 1:
            for listener in self.on_moved:
                listener()
        self._pc.write(address | 1)
        self.halted = False

    @property
    def pc_register(self) -> int:
        """The program counter as Unicorn keeps it: during a run right only where something made it so."""
        return self._pc.read()[0]

    @property
    def xpsr(self) -> int:
        """Flags, exception number and IT state."""
        return self._xpsr.read()[0]

    @property
    def is_thumb(self) -> bool:
        """The Thumb state, without which no instruction of this core runs."""
        return bool(self.xpsr & XPSR_THUMB)

    @property
    def registers(self) -> dict[str, int]:
        """r0..r12, sp, lr, pc and xpsr."""
        names = [*GENERAL, "sp", "lr"]
        values = dict(zip(names, self._general.read(), strict=True))
        return {**values, "pc": self.pc, "xpsr": self.xpsr}

    def set_general_registers(self, *values: int) -> None:
        """r0..r12, sp, lr."""
        self._general.write(*values)

    @property
    def exception_number(self) -> int:
        """The handler being run; 0 in thread mode."""
        return self.xpsr & XPSR_EXCEPTION

    def masks(self) -> Masks:
        """PRIMASK, BASEPRI, FAULTMASK."""
        if not self._control.read()[0] & CONTROL_NPRIV or self.exception_number:
            return Masks(*self._masks.read())
        # Unprivileged code reads them as 0: look as a handler would.
        xpsr = self.xpsr
        self._xpsr.write(xpsr | exc.SV_CALL)
        masks = Masks(*self._masks.read())
        self._xpsr.write(xpsr)
        return masks

    def set_faultmask(self, value: int) -> None:
        """Exception return clears FAULTMASK, or leaves it as it was."""
        primask, basepri, faultmask = self._masks.read()
        if faultmask != value:
            self._masks.write(primask, basepri, value)

    @property
    def privileged(self) -> bool:
        """Handlers always are, and threads unless CONTROL.nPRIV says no."""
        return not self._control.read()[0] & CONTROL_NPRIV or bool(self.exception_number)

    def _has_float_context(self) -> bool:
        return bool(self._control.read()[0] & CONTROL_FPCA)

    # Memory as the core's own stacking and vector fetches see it

    def stack_write(self, address: int, data: bytes) -> bool:
        """Write a stack frame; False where no memory is."""
        bus = self.core_services.sysbus
        if bus.memory_at(address, len(data)) is None:
            return False
        for listener in self.on_stacked:
            listener(address, data)
        bus.write_bytes(address, data)
        return True

    def stack_read(self, address: int, count: int) -> bytes | None:
        """Read a stack frame; None where no memory is."""
        bus = self.core_services.sysbus
        return bus.read_bytes(address, count) if bus.memory_at(address, count) is not None else None

    def vector(self, number: int) -> int | None:
        """Entry ``number`` of the vector table; None where no memory is."""
        data = self.stack_read(self.nvic.scb.vector_table + 4 * number, 4)
        return None if data is None else int.from_bytes(data, "little")

    # Sleep and lockup

    def sleep(self, how: str = "wfi") -> None:
        """Stop running until something wakes the core."""
        if self.wfi_as_nop:
            return
        self.sleeping = how
        if self.on_sleep and not self._told_asleep and not self.nvic.wakes_core():
            self._told_asleep = True
            for hook in list(self.on_sleep):
                hook(True)

    def wake(self) -> None:
        """Go on running."""
        self.sleeping = ""
        if self._told_asleep:
            self._told_asleep = False
            for hook in list(self.on_sleep):
                hook(False)

    def send_event(self) -> None:
        """Set the event register; ends WFE."""
        if self.sleeping == "wfe":
            self.wake()
        else:
            self.state[shared.EVENT_REGISTER] = 1

    def lock_up(self, why: str) -> None:
        """The core stops for good; only a reset helps (time and devices go on)."""
        self.locked_up = why
        self.log.error("lockup at PC 0x%08X: %s (CFSR 0x%08X)", self.pc, why, self.nvic.scb.cfsr.value)

    @property
    def idle(self) -> bool:
        """Nothing is executed now: asleep, locked up, halted, or waiting for a step."""
        return bool(self.sleeping or self.locked_up or self.halted or self._held or self.waits_for_step)

    @property
    def is_halted(self) -> bool:
        """The core does not run while time goes on: somebody halted it, or it has no code."""
        return self._held or self.halted

    @is_halted.setter
    def is_halted(self, value: bool) -> None:
        self._held = bool(value)
        if value:
            self.core_services.clock.stop_core()
        else:
            self.halted = False

    @property
    def waits_for_step(self) -> bool:
        """Only steps are executed, and none is asked for."""
        return self.single_step and self._stops[stops.STEPS] < 0
