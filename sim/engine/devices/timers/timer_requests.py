"""What a timer tells others of its events: DMA requests and the trigger output TRGO (RM0433 38.3.27, 38.4.2)."""

from __future__ import annotations

from functools import partial

from sim.engine.devices.base import Device, Line
from sim.engine.devices.dma_request import DmaRequest, add_request
from sim.engine.devices.registers import Field, Register

UPDATE, COMMUTATION, TRIGGER = 0, 5, 6
"""Events by their place in DIER's DMA enables (UDE, CC1DE to CC4DE, COMDE, TDE); 1 to 4 are the channels."""
_NAMES = ("Update", "Channel1", "Channel2", "Channel3", "Channel4", "Commutation", "Trigger")
_MMS_RESET, _MMS_ENABLE, _MMS_UPDATE, _MMS_COMPARE, _MMS_REFERENCES = range(5)


class TimerRequests:
    """Outputs ``UpdateDmaRequest``, ``Channel1DmaRequest`` ..., and ``TriggerOutput``.

    A request stands until a transfer has answered it, or its enable is cleared. A transfer through DMAR begins a burst:
    then the request asks for the others of its DCR.DBL + 1 transfers, too (38.4.20).
    """

    def __init__(self, timer: Device, enables: Register, burst_length: Field, master_mode: Field) -> None:
        self._enables, self._burst_length, self._mode = enables, burst_length, master_mode
        self._pending = 0
        self._in_burst = False  # the present transfer went through DMAR
        self._burst_left = 0  # transfers still to come of the burst
        self._requests = [
            add_request(timer, f"{name}DmaRequest", partial(self._wanted, event), None, partial(self._served, event))
            for event, name in enumerate(_NAMES)
        ]
        self.trigger: Line = timer.add_output("TriggerOutput")

    def forget(self) -> None:
        """Reset: nothing is asked for."""
        self._pending = self._burst_left = 0
        self._in_burst = False
        self.trigger.set(False)
        for request in self._requests:
            request.set(False)

    def request(self, event: int) -> DmaRequest:
        """The line of an event."""
        return self._requests[event]

    def _enabled(self, event: int) -> int:
        return self._enables.raw >> 8 + event & 1

    def _wanted(self, event: int) -> int:
        if not self._pending >> event & 1 or not self._enabled(event):
            return 0
        return self._burst_left or 1

    def _served(self, event: int) -> None:
        begins = self._in_burst and not self._burst_left
        self._burst_left = self._burst_length.value if begins else 0
        self._in_burst = False
        if not self._burst_left:
            self._pending &= ~(1 << event)

    def burst_accessed(self) -> None:
        """DMAR was read or written."""
        self._in_burst = True

    def wanted(self, event: int) -> bool:
        """Whether somebody would notice ``event``: its time must be an event of the clock."""
        if self._enabled(event) and self._requests[event].is_connected:
            return True
        if not self.trigger.targets:
            return False
        mode = self._mode.value
        if event == UPDATE:
            return mode == _MMS_UPDATE or mode >= _MMS_REFERENCES
        return (mode == _MMS_COMPARE and event == 1) or mode - _MMS_REFERENCES == event - 1

    def happened(self, event: int) -> None:
        """``event`` has come: a DMA request where that is enabled, a pulse of TRGO where MMS selects it."""
        if self._enabled(event):
            self._pending |= 1 << event
            self._in_burst = False  # what software did to DMAR before begins none
        mode = self._mode.value
        if (event == UPDATE and mode == _MMS_UPDATE) or (event == 1 and mode == _MMS_COMPARE):
            self.trigger.pulse()

    def was_reset(self) -> None:
        """The counter was set to its start by UG or a slave mode."""
        if self._mode.value == _MMS_RESET:
            self.trigger.pulse()

    def switched(self, on: bool) -> None:
        """CEN."""
        if self._mode.value == _MMS_ENABLE:
            self.trigger.set(on)

    def reference(self, channel: int, level: bool) -> None:
        """OCxREF."""
        if self._mode.value - _MMS_REFERENCES == channel:
            self.trigger.set(level)

    def ask(self) -> None:
        """Have served what is asked for. Transfers write the timer's registers: not while it counts time."""
        if not self._pending:
            return
        self._pending &= self._enables.raw >> 8
        for event, request in enumerate(self._requests):
            if self._pending >> event & 1:
                request.ask()
