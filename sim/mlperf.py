"""The UART dialogue of the MLPerf Tiny benchmark, spoken from the host's side to a simulated board.

A benchmark image reads commands that end in ``%`` (no line end) and answers in lines; ``m-ready`` says that it waits
for the next one. ``db load N`` and ``db HH..`` fill its input buffer, ``infer N W`` runs W warm-up inferences and N
measured ones between two ``m-lap-us-T`` time stamps of the board's own timer, then prints ``m-results-[..]``.
An image that says ``m-timestamp-mode-energy`` at its start gives the time stamps by a pin (``mlperf_pins``).
Source: the benchmark's public reference code (mlcommons/tiny, ``api/internally_implemented.cpp``).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from sim.bringup.board import FirstBoot
from sim.bringup.image import read_image
from sim.console import Line, LineAssembler
from sim.engine.devices.serial.stm32_serial import Stm32Serial
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.mlperf_log import scores_of
from sim.mlperf_pins import PinWatch
from sim.wall_time import LONGEST

BOARD_SCRIPT = Path(__file__).parent / "board" / "stm32f746.resc"
RAW = ".bin"
KINDS = (RAW, ".hex", ".elf", ".axf")
"""Suffixes of images; where an image is there as several, the first of these counts."""
TERMINATOR = "%"
READY = "m-ready"
ENERGY = "m-timestamp-mode-energy"
BITS_A_CHARACTER = 10
BYTES_A_COMMAND = 32
"""Input bytes sent with one ``db`` command: the images' command buffer takes 80 characters."""

_LAP = re.compile(r"m-lap-us-(\d{1,18})(?!\d)")
_RESULTS = re.compile(r"m-results-\[([^\]]*)\]")
_SLICE_SECONDS = 0.05


@dataclass(frozen=True)
class Inference:
    """What one ``infer`` said.

    ``microseconds`` is the span for all ``count`` inferences, of the board's own timer or between two pulses of a pin;
    ``results`` are the scores.
    """

    count: int
    microseconds: float
    results: tuple[float, ...]

    def cycles(self, frequency: int) -> float:
        """Core cycles an inference, at ``frequency`` Hz; a timer's resolution is 1 us, a pin's a cycle."""
        return self.microseconds * frequency / 1e6 / self.count


class Dialogue:
    """Commands to one image, answers from it.

    Args:
        machine: a machine that has the image loaded.
        uart: Renode path of the UART it talks on; without one it is the one that says ``m-ready`` first.
    """

    def __init__(self, machine: Machine, uart: str | None = None) -> None:
        self.machine = machine
        self.lines: list[Line] = []
        self.on_line: list[Callable[[Line], None]] = []
        self.stamps_by_pin = False
        self._pin = ""
        self._watch: PinWatch | None = None
        self._unread: list[str] = []
        self._ready = False
        self._uart: Stm32Serial | None = None
        for device in _serial_lines(machine, uart):
            assembler = LineAssembler(lambda: machine.clock.now, partial(self._take, device))
            device.on_char.append(assembler.feed)
        # A time stamp is printed inside the span it begins. A board's ten seconds hide that line; the few inferences
        # of a run here would not, so what the image says takes no time.
        machine.clock.wires_take_time = False

    def _take(self, device: Stm32Serial, line: Line) -> None:
        ready = line.text.strip() == READY
        if ready and self._uart is None:
            self._uart = device
        if device is not (self._uart or device):
            return
        self.lines.append(line)
        self._unread.append(line.text)
        if line.text.strip() == ENERGY:
            self.stamps_by_pin = True
        for listener in self.on_line:
            listener(line)
        if ready:
            self._ready = True
            self.machine.pause()

    def wait_ready(self, timeout_seconds: float) -> list[str]:
        """Run until the image waits for a command; the lines it said meanwhile, without ``m-ready``.

        Raises:
            CrosscamError: it did not within ``timeout_seconds`` of board time, nor within ``LONGEST`` of wall time.
        """
        machine = self.machine
        deadline, given_up = machine.clock.seconds + timeout_seconds, time.monotonic() + LONGEST
        while not self._ready:
            is_given_up = time.monotonic() >= given_up
            if machine.clock.seconds >= deadline or is_given_up:
                limit = f"{LONGEST:g} s of wall time" if is_given_up else f"{timeout_seconds:g} s of board time"
                said = self._unread[-1] if self._unread else "nothing at all"
                where = f"the core is at {machine.symbols.describe(machine.cpu.pc)}"
                raise CrosscamError(f"no m-ready within {limit}; last line: {said}; {where}")
            machine.run_for(_SLICE_SECONDS)
        self._ready = False
        said_lines = [text for text in self._unread if text.strip() != READY]
        self._unread.clear()
        return said_lines

    def command(self, text: str, timeout_seconds: float = 2.0) -> list[str]:
        """Send ``text``, wait until the image is ready again, return what it said.

        Raises:
            CrosscamError: the image answered with an error line (``e-[..]``), or not at all.
        """
        self._type((text + TERMINATOR).encode("ascii"))
        answer = self.wait_ready(timeout_seconds)
        for line in answer:
            if line.startswith("e-["):
                raise CrosscamError(f"the image refused `{text[:60]}`: {line}")
        return answer

    def _type(self, text: bytes) -> None:
        """Let ``text`` arrive a character after the other, at the baud rate the image has programmed.

        The images rely on it: a receive interrupt that finds more than one character flushes the rest.
        """
        clock, uart = self.machine.clock, self._uart
        assert uart is not None, "nothing is sent before the first m-ready"
        spacing = BITS_A_CHARACTER * clock.frequency // max(uart.baud_rate, 1)
        for index, byte in enumerate(text):
            clock.schedule(spacing * (index + 1), partial(uart.write_char, byte))

    def name(self) -> str:
        """What the image calls itself (``m-name-..``)."""
        return next((line for line in self.command("name") if line.startswith("m-name-")), "").removeprefix("m-name-")

    def model(self) -> str:
        """The benchmark's name of its network, such as ``ic01``."""
        found = re.search(r"m-model-\[(.*?)\]", "\n".join(self.command("profile")))
        return found.group(1) if found else ""

    def load(self, data: bytes) -> None:
        """Fill the image's input buffer."""
        self.command(f"db load {len(data)}")
        done = False
        for start in range(0, len(data), BYTES_A_COMMAND):
            answer = self.command(f"db {data[start : start + BYTES_A_COMMAND].hex()}")
            done = "m-load-done" in answer
        if not done:
            raise CrosscamError(f"the image did not confirm {len(data)} bytes of input (no m-load-done)")

    @property
    def stamps(self) -> str:
        """Where an inference's time stamps come from: ``uart``, or the pin, such as ``gpioPortG.8``."""
        if self.stamps_by_pin and not self._pin:
            self._pin = self.pin_of("timestamp")
        return self._pin or "uart"

    @property
    def watch(self) -> PinWatch:
        """What the pins do; from its first use on."""
        if self._watch is None:
            self._watch = PinWatch(self.machine)
        return self._watch

    def pin_of(self, *commands: str, high: bool = False) -> str:
        """The one pin that these commands let go low and high again, or ``high`` and low.

        Raises:
            CrosscamError: none did, or several.
        """
        self.watch.edges.clear()
        for command in commands:
            self.command(command)
        return self.watch.only(commands[0], high)

    def infer(self, count: int, warm_up: int = 1, timeout_seconds: float | None = None) -> Inference:
        """Run ``warm_up`` and then ``count`` measured inferences.

        Raises:
            CrosscamError: there were no two time stamps, or no scores.
        """
        pin = self.stamps
        if self.stamps_by_pin:
            self.watch.edges.clear()
        answer = "\n".join(self.command(f"infer {count} {warm_up}", timeout_seconds or 2.0 + (count + warm_up)))
        if not self.stamps_by_pin:
            laps = [int(lap) for lap in _LAP.findall(answer)]
            spans = [float((second - first) & 0xFFFFFFFF) for first, second in pairwise(laps)]
        else:
            # A bench takes both falling edges: ten seconds hide the first pulse, a few inferences do not.
            pulses = self.watch.pulses(pin)
            spans = [float(1_000_000 * (second.start - first.end)) for first, second in pairwise(pulses)]
        results = _RESULTS.search(answer)
        scores = None if results is None else scores_of(results.group(1))
        if len(spans) != 1 or scores is None:
            raise CrosscamError(f"infer: expected two time stamps ({pin}) and m-results, got: {answer!r}")
        return Inference(count, spans[0], scores)


def _serial_lines(machine: Machine, uart: str | None) -> list[Stm32Serial]:
    """The UART of that path, or all there are."""
    devices = machine.devices.values() if uart is None else [machine[uart]]
    found = [device for device in devices if isinstance(device, Stm32Serial)]
    if not found:
        where = "the board has" if uart is None else f"{uart} is"
        raise CrosscamError(f"{where} no UART: expected the one the image talks on, such as sysbus.usart1")
    return found


def images_in(folder: Path) -> list[Path]:
    """Each image of ``folder`` and what is below it, once."""
    kinds = {path: KINDS.index(path.suffix.lower()) for path in folder.rglob("*") if path.suffix.lower() in KINDS}
    best: dict[Path, Path] = {}
    for path in sorted(kinds, key=lambda path: (kinds[path], path)):
        best.setdefault(path.with_suffix(""), path)
    return sorted(path for path in best.values() if path.is_file())


def boot(
    image: Path, timing: str, board: Path = BOARD_SCRIPT, uart: str | None = None, timeout_seconds: float = 5.0
) -> Dialogue:
    """Boot a benchmark image on the board of a ``.resc`` script and wait for its first ``m-ready``.

    The image is raw, for the start of the board's flash, or says itself where it goes: an ELF, an Intel HEX file.

    Raises:
        CrosscamError: a missing image or board, or an image that does not say ``m-ready``.
    """
    if not image.is_file():
        raise CrosscamError(f"no image at {image}: expected .bin (for the start of the board's flash), .hex or .elf")
    if image.suffix.lower() not in KINDS[1:]:
        monitor = Monitor(timing=timing)
        monitor.variables["bin"] = str(image.resolve())
        monitor.include(board)
        machine = monitor.machine
    else:
        machine = FirstBoot(image, read_image(image), board, timing).machine
    dialogue = Dialogue(machine, uart)
    dialogue.wait_ready(timeout_seconds)
    return dialogue
