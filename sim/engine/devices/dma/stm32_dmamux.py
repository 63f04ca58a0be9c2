"""DMA request multiplexers DMAMUX1 and DMAMUX2 (RM0433 section 18).

As in Renode's ``Miscellaneous.STM32_DMAMUX``: request line n is passed to every output channel whose CxCR.DMAREQ_ID
is n. Beyond Renode: all CxCR and RGxCR bits read back; request 0 ("none") reaches nobody. Synchronisation, request
generators and their overrun flags are stored, not modelled.
"""

from __future__ import annotations

from sim.engine.devices.base import GpioReceiver, Line, Services
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.dma_request import DmaReceiver, DmaRequest, DmaSources
from sim.engine.devices.registers import Field, Mode, RegisterDevice


class _Channel(DmaRequest):
    """An output: to its controller it is the request that DMAREQ_ID selects."""

    def __init__(self, name: str, sources: DmaSources) -> None:
        super().__init__(name, lambda: 0, None)
        self._sources = sources
        self.selected = 0

    def connect(self, receiver: GpioReceiver, number: int) -> None:
        """A controller hears of pulses on lines as well as of requests."""
        Line.connect(self, receiver, number)
        if isinstance(receiver, DmaReceiver):
            super().connect(receiver, number)

    def serves(self, to_peripheral: bool) -> bool:
        return self.selected > 0 and self._sources.pace(self.selected, to_peripheral)

    def ask(self) -> None:
        if self.selected:
            self._sources.ask(self.selected)


class Stm32Dmamux(RegisterDevice):
    """Inputs are request numbers (75 = DCMI on H743), outputs 0.. are DMA streams in channel order."""

    RENODE_TYPES = ("Miscellaneous.STM32_DMAMUX",)
    SCRIPT_MEMBERS = ("Burst",)

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        number_of_output_request_channels: int,
        number_of_request_generator_channels: int,
        number_of_input_request_channels: int | None = None,
    ) -> None:
        super().__init__(services, name)
        self._inputs = number_of_input_request_channels
        self._sources = DmaSources()
        self._lines = [
            _Channel(f"{name}.{channel}", self._sources) for channel in range(number_of_output_request_channels)
        ]
        self.outputs.update(enumerate(self._lines))
        self._ids: list[Field] = []
        self._routes: dict[int, list[_Channel]] = {}
        for channel in range(number_of_output_request_channels):
            register = self.bank.register(4 * channel, f"C{channel}CR").after_write(lambda _: self._route())
            self._ids.append(register.field(0, 7, "DMAREQ_ID"))
            register.storage(0x1FFF037F)
        self.bank.register(0x80, "CSR").field(0, number_of_output_request_channels, "SOF", Mode.READ)
        self.bank.register(0x84, "CFR").field(0, number_of_output_request_channels, "CSOF", Mode.WRITE)
        for channel in range(number_of_request_generator_channels):
            self.bank.register(0x100 + 4 * channel, f"RG{channel}CR").storage(0x00FF0107)
        if number_of_request_generator_channels:
            self.bank.register(0x140, "RGSR").field(0, number_of_request_generator_channels, "OF", Mode.READ)
            self.bank.register(0x144, "RGCFR").field(0, number_of_request_generator_channels, "COF", Mode.WRITE)

    def on_gpio(self, number: int, value: bool) -> None:
        """Request line ``number`` of a peripheral."""
        if self._inputs is not None and number > self._inputs:
            self.log.error("request %d: there are 1 to %d", number, self._inputs)
            return
        for line in self._routes.get(number, ()):
            line.set(value)

    def request_connected(self, number: int, source: DmaRequest) -> None:
        """``source`` drives request line ``number``."""
        self._sources.add(number, source)

    def dma_request(self, number: int, items: int) -> bool:
        """Request line ``number`` asks for up to ``items`` transfers; whether anything moved."""
        moved = False
        for channel in self._routes.get(number, ()):
            moved |= channel.offer(items)
        return moved

    def dma_remaining(self, number: int) -> int:
        """Transfers left in the streams that request line ``number`` leads to."""
        return max((channel.remaining for channel in self._routes.get(number, ())), default=0)

    def dma_until_flag(self, number: int) -> int:
        """Transfers of request line ``number`` up to the next that raises a flag in a stream."""
        return min((channel.until_flag for channel in self._routes.get(number, ())), default=0)

    def burst(self, number: int, source: int, data: bytes | bytearray, each: int) -> int:
        """Line ``number`` asked once for every ``each`` bytes of ``data``, read word by word at address ``source``.

        Answers as ``Stream.burst``; 0 also where the line does not lead to one stream alone.
        """
        lines = self._routes.get(number, ())
        if len(lines) != 1 or lines[0].value or len(lines[0].targets) != 1:
            return 0
        receiver, stream = lines[0].targets[0]
        return receiver.burst(stream, source, data, each) if isinstance(receiver, Stm32Dma) else 0

    def reset(self) -> None:
        super().reset()
        self._route()

    def _route(self) -> None:
        self._routes = {}
        changed: list[_Channel] = []
        for line, field in zip(self._lines, self._ids, strict=True):
            request = field.value
            if request:
                self._routes.setdefault(request, []).append(line)
            else:
                line.set(False)
            if request != line.selected:
                line.selected = request
                changed.append(line)
        for line in changed:
            line.ask()
