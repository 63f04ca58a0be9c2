"""A request line from a peripheral to a DMA controller: a level, answered item by item.

On the chip a request stays up as long as the peripheral has something to give or to take, and each acknowledge moves
one item (RM0433 15.3.4, 16.3.3). Here the peripheral says how many items it would take or give right now, and asks
again after whatever changes that. A controller whose stream is enabled later asks back, so no request is lost.

Receivers that are no ``DmaReceiver`` (a script, Renode's kind of input) see the level on ``on_gpio``, as with any Line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from sim.engine.devices.base import Device, GpioReceiver, Line


@runtime_checkable
class DmaReceiver(Protocol):
    """A DMA controller, or a multiplexer before one."""

    def request_connected(self, number: int, source: DmaRequest) -> None:
        """``source`` drives input ``number`` from now on."""

    def dma_request(self, number: int, items: int) -> bool:
        """Input ``number`` asks for up to ``items`` transfers; whether anything moved."""

    def dma_remaining(self, number: int) -> int:
        """Transfers left of what input ``number`` is to move; 0 while nothing waits for it."""

    def dma_until_flag(self, number: int) -> int:
        """Of these, how many up to the next that raises a flag (half, all of them)."""


class DmaRequest(Line):
    """One request.

    Args:
        name: device and output.
        wants: how many items the peripheral would give or take now; 0 while it asks for none.
        to_peripheral: the direction of its transfers; None where it has both (a timer).
        served: told after each answer; a request that is an event and no level ends with it.
    """

    def __init__(
        self,
        name: str,
        wants: Callable[[], int],
        to_peripheral: bool | None,
        served: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name)
        self.wants = wants
        self.to_peripheral = to_peripheral
        self._served = served
        self._receivers: list[tuple[DmaReceiver, int]] = []
        self._asking = False

    def connect(self, receiver: GpioReceiver, number: int) -> None:
        """Drive input ``number`` of ``receiver``."""
        if not isinstance(receiver, DmaReceiver):
            super().connect(receiver, number)
        elif (receiver, number) not in self._receivers:
            self._receivers.append((receiver, number))
            receiver.request_connected(number, self)

    def disconnect_all(self) -> None:
        """Forget every receiver."""
        super().disconnect_all()
        self._receivers.clear()

    @property
    def is_connected(self) -> bool:
        """Whether a controller listens."""
        return bool(self._receivers)

    def serves(self, to_peripheral: bool) -> bool:
        """Whether transfers in this direction wait for this request."""
        return self.to_peripheral in (None, to_peripheral)

    def offer(self, items: int) -> bool:
        """Ask every receiver once; whether anything moved."""
        moved = False
        for receiver, number in self._receivers:
            moved |= receiver.dma_request(number, items)
        return moved

    @property
    def remaining(self) -> int:
        """Transfers left in the controller."""
        return max((receiver.dma_remaining(number) for receiver, number in self._receivers), default=0)

    @property
    def until_flag(self) -> int:
        """Transfers up to the next that raises a flag in a controller; 0 while nothing waits."""
        return min((receiver.dma_until_flag(number) for receiver, number in self._receivers), default=0)

    def ask(self) -> None:
        """Be served for as long as the peripheral wants it and a controller moves something."""
        if self._asking:  # the transfers themselves change what the peripheral wants
            return
        self._asking = True
        try:
            if self._receivers:
                while (items := self.wants()) and self.offer(items):
                    self._served()
            self.set(self.wants() > 0)
        finally:
            self._asking = False


def add_request(
    device: Device,
    output: str | int,
    wants: Callable[[], int],
    to_peripheral: bool | None,
    served: Callable[[], None] = lambda: None,
) -> DmaRequest:
    """Declare ``output`` of ``device`` as a request; see ``DmaRequest``."""
    line = device.outputs[output] = DmaRequest(f"{device.name}.{output}", wants, to_peripheral, served)
    return line


class DmaSources:
    """Which requests drive the inputs of a DMA controller."""

    def __init__(self) -> None:
        self._by_input: dict[int, list[DmaRequest]] = {}

    def add(self, number: int, source: DmaRequest) -> None:
        """``source`` drives input ``number``."""
        self._by_input.setdefault(number, []).append(source)

    def at(self, number: int) -> list[DmaRequest]:
        """The requests at an input."""
        return self._by_input.get(number, [])

    def pace(self, number: int, to_peripheral: bool) -> bool:
        """Whether transfers in this direction have a request to wait for."""
        return any(source.serves(to_peripheral) for source in self.at(number))

    def ask(self, number: int) -> None:
        """Something may move now that could not before."""
        for source in self.at(number):
            source.ask()
