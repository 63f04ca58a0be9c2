"""What peripherals of Nordic's nRF chips share: tasks, events, shortcuts between them, one interrupt (nRF52840 PS 6.1).

A task is a register that acts when 1 is written, an event one that reads 1 since it happened, until 0 is written.
The bit of an event in INTEN is its place in the events' registers. Whoever wants to hear of events (PPI) subscribes to
``event_happened`` and starts tasks with ``start_task``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.engine.devices.base import BusService, Services
from sim.engine.devices.event import EventHandlers
from sim.engine.devices.registers import Field, Mode, RegisterBank, RegisterDevice

_FIRST_EVENT = 0x100
_SHORTS, _INTEN, _INTENSET, _INTENCLR = 0x200, 0x300, 0x304, 0x308


class NrfPeripheral(RegisterDevice):
    """A window of 4 KiB. Offsets stand for tasks and events, as in the manual's tables."""

    size = 0x1000

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.event_happened: EventHandlers[[int]] = EventHandlers()
        self._tasks: dict[int, Callable[[], None]] = {}
        self._events: dict[int, Field] = {}
        self._shortcuts: dict[int, list[tuple[int, int]]] = {}  # event -> (bit of SHORTS, task)
        bank = self.bank
        self._shorts = bank.register(_SHORTS, "SHORTS").storage()
        self._inten = bank.register(_INTEN, "INTEN").storage().after_write(lambda _: self._interests_changed())
        for offset, name_, clears in ((_INTENSET, "INTENSET", False), (_INTENCLR, "INTENCLR", True)):
            register = bank.register(offset, name_).value_from(lambda: self._inten.raw)
            register.field(0, 32, name_, Mode.WRITE)
            register.after_write(self._disable if clears else self._enable)

    def reset(self) -> None:
        super().reset()
        self.update_interrupt()

    # Declaring

    def task(self, offset: int, name: str, action: Callable[[], None]) -> None:
        """A register at ``offset`` that runs ``action`` when 1 is written."""
        self._tasks[offset] = action

        def written(value: int) -> None:
            if value:
                action()

        self.bank.register(offset, f"TASKS_{name}").field(0, 1, name, Mode.WRITE, on_write=written)

    def event(self, offset: int, name: str) -> Field:
        """A register at ``offset`` that ``happen`` sets."""
        register = self.bank.register(offset, f"EVENTS_{name}").after_write(lambda _: self._event_written())
        made = self._events[offset] = register.flag(0, name)
        return made

    def shortcuts(self, wires: Mapping[int, tuple[int, int]]) -> None:
        """Bits of SHORTS: the event (its offset) that starts the task (its offset)."""
        for bit, (event, task) in wires.items():
            self._shortcuts.setdefault(event, []).append((bit, task))

    # Events and tasks

    def happen(self, offset: int) -> None:
        """The event at ``offset`` happens: flag, interrupt, shortcuts, whoever listens."""
        self._events[offset].value = 1
        self.update_interrupt()
        for bit, task in self._shortcuts.get(offset, ()):
            if self._shorts.raw >> bit & 1:
                self._tasks[task]()
        self.event_happened(offset)

    def start_task(self, offset: int) -> None:
        """The task at ``offset``, as if 1 was written; a place without one is ignored."""
        action = self._tasks.get(offset)
        if action is not None:
            action()

    def happened(self, offset: int) -> bool:
        """The event's flag is set."""
        return bool(self._events[offset])

    def matters(self, offset: int) -> bool:
        """Somebody would notice the event at the moment it happens: an interrupt, a shortcut, a listener."""
        wired = any(self._shorts.raw >> bit & 1 for bit, _ in self._shortcuts.get(offset, ()))
        return wired or bool(self.interrupts(offset)) or len(self.event_happened) > 0

    def interrupts(self, offset: int) -> bool:
        """The event's interrupt is enabled."""
        return bool(self._inten.raw >> (offset - _FIRST_EVENT) // 4 & 1)

    def update_interrupt(self) -> None:
        """Drive the interrupt from flags and enables."""
        self.irq.set(any(bool(flag) and self.interrupts(offset) for offset, flag in self._events.items()))

    def interests_changed(self) -> None:
        """Interrupts, shortcuts or listeners may be others now; for devices that schedule only what is noticed."""

    def _interests_changed(self) -> None:
        self.update_interrupt()
        self.interests_changed()

    def _event_written(self) -> None:
        self.update_interrupt()

    def _enable(self, written: int) -> None:
        self._inten.raw |= written
        self._interests_changed()

    def _disable(self, written: int) -> None:
        self._inten.raw &= ~written
        self._interests_changed()


class EasyDma:
    """PTR, MAXCNT, AMOUNT and LIST of one direction, from ``base`` on (PS 4.2.2)."""

    def __init__(self, bank: RegisterBank, base: int, name: str) -> None:
        self.pointer = bank.register(base, f"{name}.PTR").storage()
        self._most = bank.register(base + 4, f"{name}.MAXCNT").field(0, 16, "MAXCNT")
        self._amount = bank.register(base + 8, f"{name}.AMOUNT").field(0, 16, "AMOUNT", Mode.READ)
        bank.register(base + 12, f"{name}.LIST").storage(0x7)

    @property
    def most(self) -> int:
        """Bytes to move."""
        return self._most.value

    @property
    def amount(self) -> int:
        """Bytes moved."""
        return self._amount.value

    @amount.setter
    def amount(self, count: int) -> None:
        self._amount.value = count

    def take(self, bus: BusService) -> bytes:
        """What is to be sent: all of it counts as moved."""
        self.amount = self.most
        return bus.read_bytes(self.pointer.raw, self.most) if self.most else b""

    def put(self, bus: BusService, data: bytes) -> None:
        """What was received."""
        self.amount = len(data)
        if data:
            bus.write_bytes(self.pointer.raw, data)
