"""Faults of a DMA controller's streams."""

from __future__ import annotations

from typing import Any

from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.errors import CrosscamError
from sim.faults.board import FaultBoard, put_before
from sim.faults.kinds import fault


def _controller(board: FaultBoard, device: str, stream: int) -> Stm32Dma:
    dma = board.only(device, Stm32Dma)
    if stream >= len(dma.streams):
        raise CrosscamError(f"stream {stream} of {dma.name}: expected 0 to {len(dma.streams) - 1}")
    return dma


@fault("dma.stream-error")
def stream_error(board: FaultBoard, device: str = "", stream: int = 0) -> None:
    """The bus answers a transfer of a stream with an error."""
    _controller(board, device, stream).streams[stream].break_off("the bus answers with an error")


@fault("dma.stall")
def stall(board: FaultBoard, device: str = "", stream: int = 0, ms: int = 0) -> None:
    """A stream does not serve its requests: whoever asks overruns."""
    dma = _controller(board, device, stream)

    def leave(original: Any, number: int, *rest: Any) -> Any:
        return 0 if number == stream else original(number, *rest)

    ends = [put_before(dma, method, leave) for method in ("on_gpio", "burst", "dma_request")]
    board.later(ms, *ends)
