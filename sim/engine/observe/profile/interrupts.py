"""How long exceptions wait for their handlers, and how long these take."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.engine.native import shared
from sim.engine.observe.record.contexts import Contexts
from sim.engine.observe.record.recorder import BlockRecorder, present


@dataclass
class ExceptionTimes:
    """Of one exception, in cycles. ``latencies``: from pending to the handler's first instruction; ``durations``: from
    that to the return, with what interrupted it."""

    latencies: list[int] = field(default_factory=list)
    durations: list[int] = field(default_factory=list)


class InterruptTimes:
    """Listens to the machine of ``recorder``; ``by_number`` has what was heard, by exception number."""

    def __init__(self, recorder: BlockRecorder, contexts: Contexts) -> None:
        machine = recorder.machine
        self._state = machine.engine.state
        self._cpu, self._nvic, self._contexts = machine.cpu, machine.nvic, contexts
        self._pending: dict[int, int] = {}
        self._entered: list[tuple[int, int]] = []
        self.by_number: dict[int, ExceptionTimes] = {}
        self._nvic.exceptions.on_pend.append(self._pended)
        contexts.on_handler.append(self._handler_begins)
        self._cpu.on_interrupt_end.append(self._handler_ends)

    def close(self) -> None:
        """Hear nothing any more."""
        self._nvic.exceptions.on_pend.remove(self._pended)
        self._contexts.on_handler.remove(self._handler_begins)
        self._cpu.on_interrupt_end.remove(self._handler_ends)

    def clear(self) -> None:
        """Begin anew; what is under way counts when it ends."""
        self.by_number.clear()

    def _pended(self, number: int) -> None:
        self._pending.setdefault(number, present(self._state))

    def _handler_begins(self, number: int, cycle: int) -> None:
        times = self.by_number.setdefault(number, ExceptionTimes())
        since = self._pending.pop(number, None)
        if since is not None:  # a fault or SVC waits for nothing
            times.latencies.append(max(0, cycle - since))
        self._entered.append((number, cycle))

    def _handler_ends(self, number: int) -> None:
        while self._entered:
            entered, cycle = self._entered.pop()
            if entered == number:
                duration = self._state[shared.NOW] - cycle
                self.by_number.setdefault(number, ExceptionTimes()).durations.append(duration)
                return
