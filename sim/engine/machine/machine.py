"""One machine: its parts by name, loading, running, resetting."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from sim.engine.bus import PAGE, PERIPHERALS, PRIVATE_BUS, Bus, MappedMemory, Window
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.dwt import Dwt
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.devices.base import Device
from sim.engine.elf import ElfImage
from sim.engine.logs import RateLimit, Repeated
from sim.engine.machine import new_machines
from sim.engine.machine.clock_follower import ClockFollower, has_tree
from sim.engine.machine.deep_sleep import DeepSleep
from sim.engine.machine.lockstep import Lockstep
from sim.engine.machine.outsiders import Attached, Observer
from sim.engine.native import shared
from sim.engine.native.engine import Engine
from sim.engine.polling.skipper import PollSkipper
from sim.engine.timing import create_timing
from sim.engine.timing.chip import SomeChip
from sim.engine.timing.clock import Clock
from sim.errors import CrosscamError

SLICE = 1 << 23  # cycles the core runs at most without Python: 17 ms at 480 MHz


class Machine:
    """Starts empty; a board file (or a test) registers devices, memories and a core."""

    def __init__(self, name: str = "machine", timing: str = "instructions") -> None:
        self.name = name
        self.timing = create_timing(timing)
        self.engine = Engine(self.timing)
        self.clock = Clock(self.engine.state)
        self.clock.wires_take_time = self.timing.wires_take_time
        self.sysbus = Bus(self._accessing_pc)
        self.log = logging.getLogger("sim.machine")
        self.devices: dict[str, Device] = {}
        self.on_reset: list[Callable[[], None]] = []  # run at the end of each reset
        self.on_reset_request: list[Callable[[str], None]] = []
        """Called with the reason when a reset is asked for, the core still standing where it did so."""
        self.symbols = ElfImage.empty()
        self.images: dict[Path, ElfImage] = {}
        """Files the host has read, by resolved path: a script that loads one gets it as read, whatever its kind."""
        self._cpu: CortexM | None = None
        self._nvic: Nvic | None = None
        self._dwt: Dwt | None = None
        self._target = 0  # cycle up to which the user has asked to run
        self._target_is_span = True  # of time, not a cycle
        self._stop = False
        self._is_running = False
        self.script_globals: dict[str, object] = {}
        """What scripts of hooks see besides the machine's own parts."""
        self.single_step_blocking = True
        """Whether time stands still while the core waits for a step."""
        self._reset_reason = ""
        self.last_reset = "power-on"
        """Why the machine was last reset, as given to ``request_reset``."""
        self.on_device_access: Callable[[int, int, bool], None] | None = None
        """Called before each access of the core to a device window: address, bytes, whether it is a write."""
        self.lockstep: Lockstep | None = None
        """The other machines of the emulation, where there are some."""
        self.attached: Attached | None = None
        self.observers: list[Observer] = []
        """Who looks at the whole of it from outside."""
        self.on_image: list[Callable[[ElfImage], None]] = []
        """Called when a program file has been loaded."""
        self.board_files: list[str] = []
        """The platform descriptions this machine was built from: their names may name the chip."""
        self._through_bus: set[int] = set()  # pages
        self.polling = PollSkipper(self)
        self._error: BaseException | None = None
        self._rate_limit = RateLimit(self._context)
        self.sysbus.code_pages = self.engine.code_pages
        self.sysbus.on_code_written = self.engine.forget_code
        self.sysbus.on_memory_added = self._map_memory
        self.sysbus.on_window_added = self._map_window
        self.sysbus.on_tag_added = self._map_tag
        self._tagged: dict[tuple[int, int], int] = {}  # what _map_tag has mapped: address and size -> its hook
        self._rate_limit.attach(logging.getLogger("sim.sysbus"))
        self._device_regions = [PERIPHERALS, PRIVATE_BUS]
        self._peripherals_hook, _ = [
            self.engine.map_devices(start, size, self._core_reads, self._core_writes)
            for start, size in self._device_regions
        ]
        self.timing.attach(self)
        self.clock.on_change.append(self._move_target)
        new_machines.made(self)

    def follow_clocks(self, chip: SomeChip, retime: Callable[[SomeChip], None]) -> ClockFollower[SomeChip] | None:
        """The board's clocks, as firmware programs the registers of ``chip``, from the next block boundary on; None
        where the board has not those registers. ``retime`` hears of each new set of latencies."""
        if chip.clocks is None or not has_tree(self.sysbus, chip.clocks):
            return None
        follower = ClockFollower(self, chip, retime)
        self.clock.schedule(0, follower.follow)
        return follower

    # Parts

    @property
    def cpu(self) -> CortexM:
        """The core; CrosscamError before a board has given one."""
        if self._cpu is None:
            raise CrosscamError(f"machine {self.name} has no core; load a board description with a CPU.CortexM first")
        return self._cpu

    @property
    def has_core(self) -> bool:
        """Whether a board has given one."""
        return self._cpu is not None

    @property
    def nvic(self) -> Nvic:
        """The interrupt controller; CrosscamError before a board has given one."""
        if self._nvic is None:
            raise CrosscamError(f"machine {self.name} has no IRQControllers.NVIC; load a board description first")
        return self._nvic

    def register(
        self,
        path: str,
        device: Device,
        address: int | None = None,
        size: int | None = None,
        *,
        parent: Device | None = None,
        point: int = 0,
    ) -> None:
        """Add ``device`` under a Renode path such as ``sysbus.usart3``.

        With ``address`` it is on the system bus there (``size`` overrides the window's length); call again with the
        same path and device for a second address. With ``parent`` it is that device's child at ``point``.

        Raises:
            CrosscamError: the path or the addresses are taken.
        """
        present = self.devices.get(path)
        if present is not None and present is not device:
            raise CrosscamError(f"{path} exists already; give the second device another name")
        if isinstance(device, CortexM):
            if self._cpu is not None and self._cpu is not device:
                raise CrosscamError(f"{path}: the machine has a core already; describe one")
            if self._cpu is None and self.clock.wires_take_time:
                DeepSleep(self, device)
            self._cpu = device
        elif isinstance(device, Nvic):
            self._nvic = device
            self.timing.attach_core(device)
        elif isinstance(device, Dwt):
            self._dwt = device
        if self._nvic is not None and self._dwt is not None and device in (self._nvic, self._dwt):
            self._nvic.debug.on_trace_enable = self._dwt.set_trace_enabled
        if self._cpu is not None and self._dwt is not None and device in (self._cpu, self._dwt):
            self._dwt.follow_core(self._cpu.cpu_type)
        self.devices[path] = device
        self._rate_limit.attach(device.log)
        if address is not None:
            # The core maps whole pages; a smaller memory, or one among registers, is served as they are.
            if isinstance(device, MappedMemory) and address % PAGE == 0 and not self._among_registers(address):
                self.sysbus.add_memory(address, device)
            else:
                self.sysbus.add_window(address, size if size is not None else device.size, device)
        if parent is not None:
            parent.register_child(device, point)

    def _among_registers(self, address: int) -> bool:
        return any(start <= address < start + size for start, size in self._device_regions)

    def device(self, path: str) -> Device:
        """The device at a Renode path, with or without the leading ``sysbus.``; CrosscamError when there is none."""
        found = self.devices.get(path) or self.devices.get(f"sysbus.{path}")
        if found is None:
            raise CrosscamError(f"machine {self.name} has no device {path}; known: {', '.join(sorted(self.devices))}")
        return found

    def __getitem__(self, path: str) -> Device:
        return self.device(path)

    @property
    def warnings(self) -> list[Repeated]:
        """What devices, core and bus have warned of, with counts."""
        return self._rate_limit.messages

    def _map_tag(self, start: int, end: int) -> None:
        """Tagged addresses answer the core wherever they are, but for memories and devices that are there."""
        taken = [(first, first + size) for first, size in self._device_regions]
        taken += [(first, first + memory.mapped_size) for first, _, memory in self.sysbus.memories]
        place, last = start & ~(PAGE - 1), (end + PAGE - 1) & ~(PAGE - 1)
        for first, behind in [*sorted(each for each in taken if each[0] < last and place < each[1]), (last, last)]:
            if place < first:
                hook = self.engine.map_devices(place, first - place, self._core_reads, self._core_writes)
                self._tagged[place, first - place] = hook
                self._device_regions.append((place, first - place))
            place = max(place, behind)

    def _map_memory(self, address: int, memory: MappedMemory) -> None:
        end = address + memory.mapped_size
        tagged = [each for each in self._tagged if address < sum(each) and each[0] < end]
        for region in tagged:  # a memory goes before what was only tagged
            self.engine.unmap_devices(*region, self._tagged.pop(region))
            self._device_regions.remove(region)
        for start, size in self._device_regions:
            if address < start + size and start < end:
                raise CrosscamError(
                    f"memory {memory.name} at 0x{address:08X}..0x{end - 1:08X} reaches into the addresses of"
                    f" devices from 0x{start:08X} on; expected it to end there"
                )
        self.engine.map_memory(address, memory.mapped_size, memory.host_address)
        for start, size in tagged:
            self._map_tag(start, start + size)
        if self._cpu is not None:
            self._cpu.hooking.memories_changed()

    def _map_window(self, window: Window) -> None:
        """Windows outside the peripheral regions get pages of their own."""
        if any(start <= window.start and window.end <= start + size for start, size in self._device_regions):
            return
        start = window.start & ~(PAGE - 1)
        end = (window.end + PAGE - 1) & ~(PAGE - 1)
        for first, size in sorted(self._device_regions):  # pages it shares with windows before it
            if first <= start < first + size:
                start = first + size
            elif start < first < end <= first + size:
                end = first
        if self.sysbus.memory_at(start) is not None:  # a memory ends in that page: the bus tells them apart
            self.send_through_bus(start, PAGE, on=True)
            start += PAGE
        if start < end:
            self._device_regions.append((start, end - start))
            self.engine.map_devices(start, end - start, self._core_reads, self._core_writes)

    def limit_peripherals(self, answered: Sequence[tuple[int, int]]) -> None:
        """Of the peripheral space, only the ranges (first, end) answer; elsewhere the core gets a bus fault, but where
        a device is registered. To be said once, before the first run."""
        if PERIPHERALS not in self._device_regions:
            raise CrosscamError(f"machine {self.name}: what the bus answers has been said before; describe it once")
        self.engine.unmap_devices(*PERIPHERALS, self._peripherals_hook)
        self._device_regions.remove(PERIPHERALS)
        self.sysbus.bridges = list(answered)
        for first, last in answered:
            self._device_regions.append((first, last - first))
            self.engine.map_devices(first, last - first, self._core_reads, self._core_writes)
        for window in self.sysbus.windows:
            self._map_window(window)

    # Loading

    def load_elf(self, path: str | Path) -> None:
        """Load the segments of an ELF file at their physical addresses, point VTOR at its vectors, reset the core.

        Raises:
            CrosscamError: the file is missing, no 32-bit ARM ELF, or does not fit the memories.
        """
        self.load_image(self._given_image(path) or ElfImage.read(Path(path)))

    def _given_image(self, path: str | Path) -> ElfImage | None:
        return self.images.get(Path(path).resolve()) if self.images else None

    def load_image(self, image: ElfImage) -> None:
        """As ``load_elf``, for what has been read already."""
        fitting = [part for part in image.segments if self.sysbus.in_memory(part[0], len(part[1]))]
        for address, data in image.segments:
            if (address, data) in fitting:
                self.sysbus.write_bytes(address, data)
                continue
            what = (
                f"{image.path}: {len(data)} bytes at 0x{address:08X} do not fit any memory of the board; "
                "check the linker script against the board description"
            )
            if not fitting:
                raise CrosscamError(what)
            self.log.warning("%s: left out", what)
        self.symbols = image
        if self._cpu is not None:
            vectors = image.vector_table(lambda address: self.sysbus.memory_at(address) is not None)
            if vectors is not None:
                self._cpu.vector_table_offset = vectors
            self._cpu.reset()
        for listener in self.on_image:
            listener(image)

    def load_binary(self, path: str | Path, address: int) -> None:
        """Load a raw file at ``address``.

        Raises:
            CrosscamError: the file is missing or does not fit a memory.
        """
        given = self._given_image(path)
        if given is not None:
            self.load_image(given)
            return
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise CrosscamError(f"{path}: cannot be read ({error.strerror}); give an existing file") from error
        if not self.sysbus.in_memory(address, len(data)):
            raise CrosscamError(f"{path}: {len(data)} bytes do not fit the memory at 0x{address:08X}")
        self.sysbus.write_bytes(address, data)
        if self._cpu is not None and self._cpu.halted:
            self._cpu.reset()

    # Running

    def run_for(self, seconds: float | Fraction) -> None:
        """Run for a span of virtual time; returns early after ``pause``.

        Spans add up exactly: the block the core overruns a span with is taken off the next.
        """
        if self.lockstep is not None:
            self.lockstep.run_for(self, Fraction(seconds))
        else:
            self.run_alone_for(seconds)

    def run_alone_for(self, seconds: float | Fraction) -> None:
        """As ``run_for``, whatever other machines there are."""
        self._refuse_nested_run()
        target = max(self._target, self._uncommitted()) + self.clock.cycles(seconds)
        if self.attached is not None:
            span = Fraction(target - self.clock.now, self.clock.frequency)
            self._target = self.attached.run(span, lambda: False)
            return
        self._target = target
        self._run(None)

    def run_to(self, cycle: int) -> None:
        """Run up to the first block that would start at or after ``cycle``; returns early after ``pause``."""
        self._refuse_nested_run()
        self._target, self._target_is_span = cycle, False
        try:
            self._run(None)
        finally:
            self._target_is_span = True

    def run_until(self, predicate: Callable[[], bool], timeout_seconds: float | Fraction) -> bool:
        """Run until ``predicate()`` holds; False when it did not within ``timeout_seconds`` of virtual time.

        The predicate is asked whenever the core has come back to Python: at events, interrupts and at least every
        SLICE cycles.
        """
        if self.lockstep is not None:
            return self.lockstep.run_until(self, predicate, Fraction(timeout_seconds))
        return self.run_alone_until(predicate, timeout_seconds)

    def run_alone_until(self, predicate: Callable[[], bool], timeout_seconds: float | Fraction) -> bool:
        """As ``run_until``, whatever other machines there are."""
        self._refuse_nested_run()
        limit = self.clock.now + self.clock.cycles(timeout_seconds)
        if predicate():
            return True
        if self.attached is not None:
            self.attached.run(Fraction(timeout_seconds), predicate)
            return predicate()
        self._target = limit
        self._run(predicate)
        held = predicate()
        self._target = self.clock.now
        return held

    def pause(self) -> None:
        """Make the present ``run_for`` or ``run_until`` return soon; from any thread or callback."""
        self._stop = True
        self.clock.stop_core()

    @property
    def was_paused(self) -> bool:
        """The last run was ended by ``pause``."""
        return self._stop

    @property
    def seconds(self) -> Fraction:
        """Virtual time since it was made."""
        return self.clock.exact_seconds

    def _move_target(self, moved: Callable[[int], int]) -> None:
        """The core's clock changes: the span asked for is one of seconds."""
        if self._target_is_span:
            self._target = moved(self._target)

    @property
    def stopping(self) -> bool:
        """The core is not to go on: a pause or a reset was asked for."""
        return self._stop or bool(self._reset_reason)

    def _uncommitted(self) -> int:
        """Where the next span starts: the last target, unless time has gone on elsewhere."""
        return self._target if self.clock.now - self._target < SLICE else self.clock.now

    def step(self, count: int = 1) -> None:
        """Let the core execute ``count`` instructions, those of handlers included; fewer after ``pause``.

        Nothing is different from a run: interrupts are taken where the run takes them, between blocks, and time is that
        of the run. An instruction whose condition fails counts. A step of a sleeping core lets time pass until
        something is due; one of a halted core is ignored.
        """
        cpu, clock, state = self.cpu, self.clock, self.engine.state
        self._refuse_nested_run()
        if cpu.is_halted or cpu.locked_up:
            self.log.warning("step of a core that is %s: ignored", "locked up" if cpu.locked_up else "halted")
            return
        with self._running(count):
            while cpu.hooking.steps > 0 and not self._stop:
                self._serve()
                if not cpu.idle:
                    self._execute(shared.NEVER)
                elif cpu.sleeping:
                    now, due = state[shared.NOW], clock.next_due
                    self._pass_time(max(now, due) if due != shared.NEVER else now + 1)
                    cpu.hooking.steps -= 1
                else:
                    break
            self._target = clock.now

    def take_exception(self) -> bool:
        """Do what is due before the next instruction, as a run does, and that no further; whether it was to enter a
        handler."""
        self._refuse_nested_run()
        cpu, exceptions = self.cpu, self.cpu.nvic.exceptions
        due = self._reset_reason or self.clock.next_due <= self.engine.state[shared.NOW]
        if not due and not exceptions.pending & exceptions.enabled:
            return False
        before = cpu.exception_number, cpu.sp
        with self._running():
            self._serve()
        return (cpu.exception_number, cpu.sp) != before

    def _refuse_nested_run(self) -> None:
        if self._is_running:
            raise CrosscamError("the machine runs already: a script cannot let it run, only pause it")

    @contextmanager
    def _running(self, steps: int = -1) -> Iterator[None]:
        """Bookkeeping around a run; ``steps`` >= 0 counts instructions."""
        self._is_running, self._stop = True, False
        hooking = self._cpu.hooking if self._cpu is not None else None
        if hooking is not None and steps >= 0:
            hooking.stepping, hooking.steps = True, steps
        try:
            yield
        finally:
            self._is_running = False
            if hooking is not None:
                hooking.steps = -1

    def _run(self, predicate: Callable[[], bool] | None) -> None:
        clock, state, cpu = self.clock, self.engine.state, self._cpu
        if cpu is not None and cpu.waits_for_step and self.single_step_blocking:
            raise CrosscamError(
                f"{cpu.name} waits for steps, and time with it: expected `{cpu.name} Step`, `{cpu.name} ExecutionMode "
                "Continuous` or `emulation SingleStepBlocking false` before"
            )
        with self._running():
            while not self._stop:
                self._serve()
                if predicate is not None and predicate():
                    break
                if state[shared.NOW] >= self._target or self._stop:
                    break
                if cpu is None or cpu.idle:
                    self._pass_time(min(clock.next_due, self._target))
                else:
                    self._execute(self._target)
            if self._stop:
                self._target = self.clock.now

    def _serve(self) -> None:
        """What happens between two blocks: events, a reset, the next exception."""
        cpu = self._cpu
        if cpu is not None and not self._reset_reason and cpu.inside_block:
            return
        self.clock.run_due()
        if self._reset_reason:
            self._perform_reset()
        if cpu is not None:
            cpu.take_interrupt()

    def _pass_time(self, until: int) -> None:
        """The core does nothing until cycle ``until``."""
        state = self.engine.state
        if self._cpu is not None:
            self._cpu.idle_cycles += until - state[shared.NOW]
        state[shared.NOW] = until

    def _execute(self, target: int) -> None:
        """Let the core run up to cycle ``target`` at most."""
        cpu = self._cpu
        assert cpu is not None
        slice_end = (self.engine.state[shared.NOW] // SLICE + 1) * SLICE
        cpu.execute(min(self.clock.next_due, target, slice_end))
        self.polling.left()
        self.timing.check()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    # Resetting

    def reset(self) -> None:
        """Devices and core as after power-on; memories keep their content, time goes on."""
        for device in self.devices.values():
            if not isinstance(device, CortexM):
                device.reset()
        if self._cpu is not None:
            self._cpu.reset()
        for action in self.on_reset:
            action()

    def request_reset(self, reason: str) -> None:
        """Reset at the next block boundary (watchdog, AIRCR.SYSRESETREQ)."""
        for listener in self.on_reset_request:
            listener(reason)
        self._reset_reason = reason
        self.clock.stop_core()

    def _perform_reset(self) -> None:
        self.log.info("reset: %s", self._reset_reason)
        self.last_reset, self._reset_reason = self._reset_reason, ""
        self.reset()

    # The core's accesses to device windows

    def _core_reads(self, address: int, width: int) -> int:
        try:
            if self.on_device_access is not None:
                self.on_device_access(address, width, False)
            polling = self.polling
            if polling.count(address) >= polling.limit:
                return polling.read(address, width)
            return self.sysbus.read_device(address, width)
        except BaseException as error:
            self._defer(error)
            return 0

    def _core_writes(self, address: int, width: int, value: int) -> None:
        try:
            if self.on_device_access is not None:
                self.on_device_access(address, width, True)
            self.polling.written()
            self.sysbus.write_device(address, width, value)
        except BaseException as error:
            self._defer(error)

    def _defer(self, error: BaseException) -> None:
        """An exception cannot cross Unicorn's C frames: keep it until the run has ended."""
        if self._error is None:
            self._error = error
        self.clock.stop_core()

    def _accessing_pc(self) -> int | None:
        """Where the core stands that accesses a device right now."""
        state = self.engine.state
        return state[shared.ACCESS_PC] if state[shared.IN_RUN] else None

    # Memory the core reaches through the bus

    def send_through_bus(self, address: int, size: int, on: bool) -> None:
        """The core's accesses to ``size`` bytes of memory (whole pages) go through the bus, with what stands there, or
        directly again. Code cannot be run from such pages."""
        for page in range(address // PAGE, (address + size + PAGE - 1) // PAGE):
            found = self.sysbus.memory_at(page * PAGE)
            if found is None or (page in self._through_bus) == on:
                continue
            memory, offset = found
            if on:
                if self.engine.code_pages[page]:
                    self.log.warning("code was run from the page of 0x%08X: it cannot be from now on", page * PAGE)
                self._through_bus.add(page)
                self.engine.take_memory(page * PAGE, PAGE, self._memory_reads, self._memory_writes)
            else:
                self._through_bus.discard(page)
                self.engine.give_memory(page * PAGE, PAGE, memory.host_address + offset)

    def _memory_reads(self, address: int, width: int) -> int:
        try:
            return self.sysbus.read(address, width)
        except BaseException as error:
            self._defer(error)
            return 0

    def _memory_writes(self, address: int, width: int, value: int) -> None:
        try:
            self.sysbus.write(address, width, value)
        except BaseException as error:
            self._defer(error)

    def _context(self) -> str:
        """Where the core is, for log messages from devices."""
        if not self.engine.state[shared.IN_RUN]:
            return ""
        return f" (PC {self.symbols.describe(self.engine.state[shared.ACCESS_PC])})"
