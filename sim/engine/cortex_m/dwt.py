"""Data watchpoint and trace unit: the cycle counter (ARMv7-M C1.8). Comparators are stored without effect."""

from __future__ import annotations

from sim.engine.cortex_m.services import CoreServices
from sim.engine.devices.base import Device
from sim.engine.devices.registers import Mode, RegisterBank
from sim.engine.native import shared
from sim.errors import CrosscamError

LOCK_KEY = 0xC5ACCE55
COMPARATORS = 4


class Dwt(Device):
    """CYCCNT counts core cycles, also through WFI; ``frequency`` (Hz) is kept for boards that give one.

    It counts only with DEMCR.TRCENA set. Where there is a software lock (``SoftwareLock``; without a word of the board
    file a Cortex-M7 has one and the smaller cores have none, where LAR and LSR read 0: ARMv7-M D1.1) software's writes
    are ignored until LAR is unlocked.
    """

    RENODE_TYPES = ("Miscellaneous.DWT",)
    RENODE_MEMBERS = ("SoftwareLock",)
    size = 0x1000

    def __init__(self, services: CoreServices, name: str, *, frequency: int) -> None:
        super().__init__(services, name)
        if frequency <= 0:
            raise CrosscamError(f"{name}: frequency {frequency} Hz; give the core clock, such as 480000000")
        self._clock = services.clock
        self.frequency = frequency
        self._offset = 0  # CYCCNT - cycles * frequency / core frequency, while counting
        self._held = 0  # CYCCNT while it stands
        self._core_has_lock = True
        self._board_says: bool | None = None
        self._locked = True
        self._trace = False
        bank = self._bank = RegisterBank(self)
        bank.register(0x000, "CTRL", reset=COMPARATORS << 28).field(0, 1, "CYCCNTENA", on_change=self._enable)
        self._enabled = bank[0x000].fields[0]
        bank[0x000].field(28, 4, "NUMCOMP", Mode.READ)
        bank.register(0x004, "CYCCNT").value_from(self._count).after_write(self._set_count)
        for index, counter in enumerate(("CPICNT", "EXCCNT", "SLEEPCNT", "LSUCNT", "FOLDCNT")):
            bank.register(0x008 + 4 * index, counter).storage(0xFF)
        bank.register(0x01C, "PCSR").value_from(lambda: self._clock.state[shared.ACCESS_PC])
        for index in range(COMPARATORS):
            for place, comparator in enumerate(("COMP", "MASK", "FUNCTION")):
                bank.register(0x020 + 16 * index + 4 * place, f"{comparator}{index}").storage()
        bank.register(0xFB0, "LAR").field(0, 32, "KEY", Mode.WRITE, on_write=self._unlock)
        bank.register(0xFB4, "LSR").value_from(self._lock_status)

    def follow_core(self, cpu_type: str) -> None:
        """The core it belongs to, as board files name it."""
        self._core_has_lock = cpu_type == "cortex-m7"

    @property
    def software_lock(self) -> bool:
        """Writes need a key."""
        return self._core_has_lock if self._board_says is None else self._board_says

    @software_lock.setter
    def software_lock(self, there: bool) -> None:
        self._board_says = there

    def set_trace_enabled(self, enabled: bool) -> None:
        """DEMCR.TRCENA changed."""
        self._hold()
        self._trace = enabled
        self._publish()

    def hold(self) -> None:
        """Stand while the core's clock changes."""
        self._hold()

    def resume(self) -> None:
        """Go on at the new ``frequency``."""
        self._publish()

    def reset(self) -> None:
        """Not counting, locked."""
        self._hold()
        self._bank.reset()
        self._held = 0
        self._locked = True
        self._publish()

    def read(self, offset: int, width: int) -> int:
        return self._bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        if self._locked and self.software_lock and offset != 0xFB0:
            self.log.warning("write of 0x%X at 0x%X ignored: locked; write 0xC5ACCE55 to DWT_LAR first", value, offset)
            return
        self._bank.write(offset, width, value)

    def _lock_status(self) -> int:
        return 0b01 | self._locked << 1 if self.software_lock else 0

    @property
    def _counting(self) -> bool:
        return self._trace and bool(self._enabled.value)

    def _cycles(self) -> int:
        now = self._clock.now
        return now if self.frequency == self._clock.frequency else now * self.frequency // self._clock.frequency

    def _count(self) -> int:
        return (self._cycles() + self._offset if self._running else self._held) & 0xFFFFFFFF

    _running = False

    def _hold(self) -> None:
        """Stop at the present count."""
        self._held = self._count()
        self._running = False

    def _publish(self) -> None:
        """Go on from the held count when counting, and tell the native side."""
        self._running = self._counting
        self._offset = self._held - self._cycles()
        state = self._clock.state
        state[shared.CYCCNT_ON] = self._running and self.frequency == self._clock.frequency
        state[shared.CYCCNT_OFFSET] = self._offset
        state[shared.CYCCNT_ADDRESS] = 0xE0001004

    def _enable(self, old: int, new: int) -> None:
        self._held = (self._cycles() + self._offset) & 0xFFFFFFFF if self._running else self._held
        self._running = False
        self._publish()

    def _set_count(self, value: int) -> None:
        self._held = value
        self._publish()

    def _unlock(self, key: int) -> None:
        self._locked = key != LOCK_KEY
