"""DMA streams and the request multiplexer."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from sim.engine.devices.base import Device
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.dma.stm32_dmamux import Stm32Dmamux
from sim.tests.fake_services import FakeServices, Probe

LISR, HISR, LIFCR, HIFCR = 0x0, 0x4, 0x8, 0xC
EN, TEIE, HTIE, TCIE, CIRC, PINC, MINC, DBM, CT = 1, 4, 8, 16, 1 << 8, 1 << 9, 1 << 10, 1 << 18, 1 << 19
TO_PERIPHERAL, MEMORY_TO_MEMORY = 1 << 6, 2 << 6
PSIZE16, PSIZE32, MSIZE16, MSIZE32 = 1 << 11, 2 << 11, 1 << 13, 2 << 13
FIFO_FULL = 4 | 3
FEIF, TEIF, HTIF, TCIF = 1, 8, 16, 32
PERIPHERAL, RAM = 0x48020000, 0x24000000
DATA = 0x28


class Source(Device):
    """A data register that counts up from 1; writes are kept."""

    def __init__(self, services: FakeServices) -> None:
        super().__init__(services, "source")
        self.count = 0
        self.written: list[tuple[int, int]] = []
        self.on_read: Callable[[], None] = lambda: None

    def read(self, offset: int, width: int) -> int:
        assert offset == DATA
        self.count += 1
        self.on_read()
        return self.count

    def write(self, offset: int, width: int, value: int) -> None:
        self.written.append((width, value))


class Bench:
    def __init__(self) -> None:
        self.services = FakeServices()
        self.bus = self.services.sysbus
        self.source = Source(self.services)
        self.bus.windows.append((PERIPHERAL, self.source))
        self.dma = Stm32Dma(self.services, "dma2")
        self.probe = Probe()
        for stream in range(8):
            self.dma.outputs[stream].connect(self.probe, stream)
        self.probe.calls.clear()

    def reg(self, stream: int, index: int) -> int:
        return 0x10 + 0x18 * stream + 4 * index

    def start(self, control: int, items: int, *, stream: int = 1, fifo: int = 0x21, memory: int = RAM) -> None:
        for index, value in ((1, items), (2, PERIPHERAL + DATA), (3, memory), (5, fifo), (0, control | EN)):
            self.dma.write(self.reg(stream, index), 4, value)

    def control(self, stream: int = 1) -> int:
        return self.dma.read(self.reg(stream, 0), 4)

    def left(self, stream: int = 1) -> int:
        return self.dma.read(self.reg(stream, 1), 4)

    def flags(self, stream: int = 1) -> int:
        status = self.dma.read(HISR if stream > 3 else LISR, 4)
        return status >> (0, 6, 16, 22)[stream & 3] & 0x3D

    def request(self, count: int = 1, stream: int = 1) -> None:
        for _ in range(count):
            self.dma.on_gpio(stream, True)
            self.dma.on_gpio(stream, False)

    def words(self, count: int, address: int = RAM) -> list[int]:
        return [self.bus.read(address + 4 * index, 4) for index in range(count)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_reset_values(bench: Bench) -> None:
    assert bench.dma.read(bench.reg(0, 5), 4) == 0x21 and bench.control(0) == 0
    assert bench.dma.read(LISR, 4) == bench.dma.read(HISR, 4) == 0


def test_direct_mode_moves_one_item_a_request(bench: Bench) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32 | TCIE, 3)
    bench.request(2)
    assert bench.words(3) == [1, 2, 0] and bench.left() == 1 and not bench.flags() & TCIF
    bench.request()
    assert bench.words(3) == [1, 2, 3] and bench.left() == 0
    assert bench.flags() == TCIF | HTIF and bench.probe.calls == [(1, True)]
    assert not bench.control() & EN, "EN is cleared at the end"
    bench.dma.write(LIFCR, 4, 0x3D << 6)
    assert bench.flags() == 0 and bench.probe.calls == [(1, True), (1, False)]


def test_fifo_threshold_moves_sixteen_bytes_a_request_and_the_rest_at_the_end(bench: Bench) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32 | HTIE, 10, fifo=FIFO_FULL)
    bench.request()
    assert bench.left() == 6 and bench.words(4) == [1, 2, 3, 4] and not bench.flags()
    bench.request()
    assert bench.left() == 2 and bench.flags() == HTIF and bench.probe.calls == [(1, True)]
    bench.request()
    assert bench.left() == 0 and bench.words(10) == list(range(1, 11)) and bench.source.count == 10
    bench.request()
    assert bench.source.count == 10, "a disabled stream reads nothing"


@pytest.mark.parametrize(("threshold", "bytes_moved"), [(0, 4), (1, 8), (2, 12), (3, 16)])
def test_every_fifo_threshold(bench: Bench, threshold: int, bytes_moved: int) -> None:
    bench.start(MINC, 100, fifo=4 | threshold)
    bench.request()
    assert 100 - bench.left() == bytes_moved == bench.source.count


def test_rearming_after_the_end(bench: Bench) -> None:
    control = MINC | PSIZE32 | MSIZE32 | TCIE
    bench.start(control, 4, fifo=FIFO_FULL)
    bench.request()
    bench.dma.write(LIFCR, 4, 0x3D << 6)
    bench.start(control, 4, fifo=FIFO_FULL, memory=RAM + 0x100)
    bench.request()
    assert bench.words(4, RAM + 0x100) == [5, 6, 7, 8] and bench.probe.rises == 2


def test_zero_items_move_nothing_and_say_so(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32, 0)
    bench.request()
    assert bench.source.count == 0 and not bench.flags() and "NDTR = 0" in caplog.text


def test_circular_mode_reloads(bench: Bench) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32 | CIRC, 2)
    bench.request(3)
    assert bench.words(3) == [3, 2, 0] and bench.left() == 1 and bench.control() & EN
    assert bench.flags() == TCIF | HTIF


def test_double_buffer_swaps_and_protects_the_one_in_use(bench: Bench) -> None:
    bench.dma.write(bench.reg(1, 4), 4, RAM + 0x100)
    bench.start(MINC | PSIZE32 | MSIZE32 | DBM, 2)
    bench.request(2)
    assert bench.control() & CT and bench.left() == 2 and bench.flags() & TCIF
    bench.dma.write(bench.reg(1, 3), 4, RAM + 0x200)  # the idle one may be changed
    bench.request(2)
    assert not bench.control() & CT
    bench.request(2)
    assert bench.words(2) == [1, 2] and bench.words(2, RAM + 0x100) == [3, 4] and bench.words(2, RAM + 0x200) == [5, 6]
    bench.dma.write(bench.reg(1, 4), 4, RAM)
    assert bench.flags() & TEIF and not bench.control() & EN


def test_registers_are_locked_while_enabled(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32, 4)
    for index in (1, 2, 3, 5):
        bench.dma.write(bench.reg(1, index), 4, 0x1234)
    bench.dma.write(bench.reg(1, 0), 4, EN | TCIE)  # TCIE may change, MINC may not
    bench.request(4)
    assert bench.words(4) == [1, 2, 3, 4] and bench.probe.calls == [(1, True)]
    assert len(caplog.records) == 5


def test_disabling_in_the_middle_keeps_the_rest_and_sets_tcif(bench: Bench) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32, 5)
    bench.request(2)
    bench.dma.write(bench.reg(1, 0), 4, 0)
    assert bench.left() == 3 and bench.flags() & TCIF and not bench.control() & EN
    bench.request()
    assert bench.source.count == 2


def test_memory_to_memory_runs_at_once(bench: Bench) -> None:
    bench.bus.write_bytes(RAM + 0x1000, bytes(range(64)))
    for index, value in ((1, 16), (2, RAM + 0x1000), (3, RAM), (0, MEMORY_TO_MEMORY | PINC | MINC | PSIZE32 | EN)):
        bench.dma.write(bench.reg(5, index), 4, value)
    assert bench.bus.read_bytes(RAM, 64) == bytes(range(64))
    assert bench.flags(5) == TCIF | HTIF and not bench.control(5) & EN


def test_memory_to_peripheral_pushes_everything_in_items_of_psize(bench: Bench) -> None:
    bench.bus.write_bytes(RAM, b"\x01\x02\x03\x04\x05\x06")
    bench.start(TO_PERIPHERAL | MINC | PSIZE16 | MSIZE16 | TCIE, 3, stream=4)
    assert bench.source.written == [(2, 0x0201), (2, 0x0403), (2, 0x0605)]
    assert bench.left(4) == 0 and bench.probe.calls == [(4, True)]
    bench.dma.write(HIFCR, 4, 0x20)
    assert bench.probe.calls[-1] == (4, False)


def test_memory_without_increment_repeats_one_item(bench: Bench) -> None:
    bench.bus.write(RAM, 4, 0xA5)
    bench.start(TO_PERIPHERAL, 3)
    assert bench.source.written == [(1, 0xA5)] * 3


def test_circular_memory_to_peripheral_is_paced_by_requests(bench: Bench) -> None:
    bench.bus.write_bytes(RAM, b"ab")
    bench.start(TO_PERIPHERAL | MINC | CIRC, 2)
    assert bench.source.written == []
    bench.request(3)
    assert bytes(value for _, value in bench.source.written) == b"aba"


def test_burst_that_does_not_fit_the_threshold_is_a_fifo_error(bench: Bench) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32 | 1 << 23, 8, fifo=4 | 1 | 0x80)  # INCR4 words, half-full threshold
    assert bench.flags() == FEIF and not bench.control() & EN and bench.probe.rises == 1
    bench.request()
    assert bench.source.count == 0


@pytest.mark.parametrize("memory", [0x20000000, 0x2001FFFC, 0x00001000])
def test_tightly_coupled_memory_is_out_of_reach(bench: Bench, memory: int, caplog: pytest.LogCaptureFixture) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32 | TEIE, 4, memory=memory)
    bench.request()
    assert bench.flags() == TEIF and bench.source.count == 0 and bench.probe.rises == 1
    assert "cannot reach" in caplog.text


def test_request_raised_by_the_read_itself_is_served_after_it(bench: Bench) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32, 3)
    bench.source.on_read = lambda: bench.request() if bench.source.count < 3 else None
    bench.request()
    assert bench.words(3) == [1, 2, 3] and bench.flags() & TCIF


def test_a_transfer_switched_off_by_its_own_read_stops(bench: Bench) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32, 3)
    bench.source.on_read = lambda: bench.dma.write(bench.reg(1, 0), 4, 0)
    bench.request()
    assert bench.words(1) == [0] and bench.left() == 3


def test_enabling_with_old_flags_is_reported(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32, 1)
    bench.request()
    bench.start(MINC | PSIZE32 | MSIZE32, 1)
    assert "TCIF still set" in caplog.text


def test_reset_forgets_the_transfer(bench: Bench) -> None:
    bench.start(MINC | PSIZE32 | MSIZE32 | TCIE, 1)
    bench.request()
    bench.dma.reset()
    assert bench.probe.calls == [(1, True), (1, False)] and bench.flags() == 0 and bench.control() == 0
    bench.dma.on_gpio(9, True)
    assert bench.source.count == 1


def test_multiplexer_routes_request_75_to_the_chosen_channel() -> None:
    mux = Stm32Dmamux(
        FakeServices(), "dmamux1", number_of_output_request_channels=16, number_of_request_generator_channels=8
    )
    probe = Probe()
    for channel in range(16):
        mux.outputs[channel].connect(probe, channel)
    probe.calls.clear()
    mux.on_gpio(75, True)
    mux.on_gpio(0, True)
    assert probe.calls == []
    mux.write(4 * 9, 4, 75)
    mux.write(4 * 2, 4, 75 | 1 << 9)
    assert mux.read(4 * 9, 4) == 75 and mux.read(4 * 2, 4) == 75 | 1 << 9
    mux.on_gpio(75, True)
    mux.on_gpio(75, False)
    mux.on_gpio(76, True)
    assert probe.calls == [(2, True), (9, True), (2, False), (9, False)]
    mux.on_gpio(75, True)
    mux.write(4 * 9, 4, 0)
    mux.reset()
    assert probe.calls[4:] == [(2, True), (9, True), (9, False), (2, False)]


@pytest.mark.parametrize("fifo", [0x21, FIFO_FULL, 4, 5])
@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_burst_is_the_same_as_requests_one_by_one(fifo: int, lines: int) -> None:
    benches = Bench(), Bench()
    for bench in benches:
        bench.start(TEIE | HTIE | TCIE | MINC | PSIZE32 | MSIZE32, 48, fifo=fifo)
    one_by_one, at_once = benches
    each = {0x21: 1, 4: 1, 5: 2, FIFO_FULL: 4}[fifo]
    for line in range(lines):
        one_by_one.request(16 // each)
        data = struct.pack("<16I", *range(16 * line + 1, 16 * line + 17))
        assert at_once.dma.burst(1, PERIPHERAL + DATA, data, 16) == each
    assert at_once.words(48) == one_by_one.words(48)
    assert (at_once.control(), at_once.left(), at_once.flags()) == (
        one_by_one.control(),
        one_by_one.left(),
        one_by_one.flags(),
    )
    assert at_once.probe.calls == one_by_one.probe.calls
    assert at_once.source.count == 0


@pytest.mark.parametrize(
    "control, items, source, fifo, watched",
    [
        (MINC | PSIZE32, 3, PERIPHERAL + DATA, 0x21, False),  # the transfer ends before the burst does
        (MINC | PSIZE32, 48, PERIPHERAL, 0x21, False),  # the stream reads elsewhere
        (MINC | PSIZE32 | CIRC, 48, PERIPHERAL + DATA, 0x21, False),
        (MINC | PSIZE16, 48, PERIPHERAL + DATA, 0x21, False),
        (PSIZE32, 48, PERIPHERAL + DATA, 0x21, False),
        (MINC | PINC | PSIZE32, 48, PERIPHERAL + DATA, 0x21, False),
        (MINC | PSIZE32 | TO_PERIPHERAL | CIRC, 48, PERIPHERAL + DATA, 0x21, False),
        (MINC | PSIZE32 | MSIZE32, 48, PERIPHERAL + DATA, 6, False),  # three words a request: four do not come out even
        (MINC | PSIZE32, 48, PERIPHERAL + DATA, 0x21, True),
    ],
)
def test_a_burst_that_would_come_out_differently_is_refused(
    control: int, items: int, source: int, fifo: int, watched: bool
) -> None:
    bench = Bench()
    bench.start(control, items, fifo=fifo)
    bench.bus.watched = watched
    before = bench.left()
    assert bench.dma.burst(1, source, bytes(16), 16) == 0
    assert bench.left() == before and not bench.flags()


def test_a_burst_goes_where_the_multiplexer_leads() -> None:
    bench = Bench()
    mux = Stm32Dmamux(
        bench.services, "dmamux1", number_of_output_request_channels=16, number_of_request_generator_channels=8
    )
    for channel in range(8):
        mux.outputs[channel].connect(bench.dma, channel)
    bench.start(MINC | PSIZE32, 8, stream=2)
    data = struct.pack("<4I", 1, 2, 3, 4)
    assert mux.burst(75, PERIPHERAL + DATA, data, 16) == 0, "nobody has chosen line 75"
    mux.write(4 * 2, 4, 75)
    assert mux.burst(75, PERIPHERAL + DATA, data, 16) == 1
    assert bench.words(4) == [1, 2, 3, 4] and bench.left(2) == 4
    mux.write(4 * 3, 4, 75)
    assert mux.burst(75, PERIPHERAL + DATA, data, 16) == 0, "two streams listen"
