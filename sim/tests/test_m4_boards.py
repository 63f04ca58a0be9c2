"""The boards with a Cortex-M4: bare-metal programs boot to full speed and talk; their clocks are theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.engine.timing.cortex_m4 import CortexM4Timing
from sim.errors import CrosscamError
from sim.tests.firmware_bench import ROOT, TOOLCHAINS, build, raw_image

BOARDS = {
    "stm32l4r5": ("STM32L4R5", "lpuart1", 120, 120, 120),
    "stm32f407": ("STM32F407", "usart2", 168, 42, 84),
    "stm32f446": ("STM32F446", "usart2", 180, 45, 90),
}
"""Macro of the program, its UART, MHz of core, APB1 and APB2."""
FLASH_ACR = 0x40022000
CORE = {"gcc": ("-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16"), "zig": ("-mcpu=cortex_m4",)}


class Talk:
    """The program ``hello.c`` on a board, and what it has said."""

    def __init__(self, board: str, image: Path, timing: str = "cortex-m4") -> None:
        monitor = Monitor(timing=timing)
        monitor.variables["bin"] = str(image)
        monitor.include(ROOT / "sim" / "board" / f"{board}.resc")
        self.machine = monitor.machine
        self.said = ""
        self.uart = self.machine[f"sysbus.{BOARDS[board][1]}"]
        self.uart.on_char.append(self._take)  # type: ignore[attr-defined]

    def _take(self, byte: int) -> None:
        self.said += chr(byte)

    def line(self) -> str:
        """Run until a line is whole; it."""
        for _ in range(100):
            self.machine.run_for(0.0005)
            if "\n" in self.said:
                line, _, self.said = self.said.partition("\r\n")
                return line
        raise AssertionError(f"no line: {self.said!r}")

    def ask(self) -> str:
        """Send a character; the line it answers with."""
        self.uart.write_char(0x20)  # type: ignore[attr-defined]
        return self.line()


@pytest.fixture(scope="module", params=TOOLCHAINS)
def images(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("boards")
    found = {}
    for board, (macro, *_) in BOARDS.items():
        flags = (*CORE[request.param], f"-D{macro}")
        elf = build(request.param, ("bench/boards/hello.c",), "bench/boards/hello.ld", folder / f"{board}.elf", flags)
        found[board] = raw_image(elf, folder / f"{board}.bin", 0x08000000)
    return found


@pytest.mark.parametrize("board", BOARDS)
def test_a_program_boots_to_full_speed_and_talks(images: dict[str, Path], board: str) -> None:
    talk = Talk(board, images[board])
    _, _, core, apb1, apb2 = BOARDS[board]
    assert talk.line() == f"core {core} MHz"
    timing = talk.machine.timing
    assert isinstance(timing, CortexM4Timing) and timing.chip.name == board
    assert timing.clocks is not None and timing.clocks.now is not None
    now = timing.clocks.now
    assert (now.core, now.apb) == (core * 1_000_000, (apb1 * 1_000_000, apb2 * 1_000_000))
    assert now.wait_states == 5 and now.accelerator.prefetch
    assert talk.uart.baud_rate == pytest.approx(115_200, rel=0.01)  # type: ignore[attr-defined]
    # 100 turns of 3 cycles, the last branch not taken; call, return, reading CYCCNT and MOVS around them.
    assert 300 <= int(talk.ask().removeprefix("loop ")) <= 315


def test_the_instruction_clock_boots_it_too(images: dict[str, Path]) -> None:
    talk = Talk("stm32l4r5", images["stm32l4r5"], "instructions")
    assert talk.line() == "core 120 MHz"
    assert 200 <= int(talk.ask().removeprefix("loop ")) <= 210


def test_the_cortex_m7_clock_refuses_the_board_and_names_the_right_one(images: dict[str, Path]) -> None:
    with pytest.raises(CrosscamError, match="choose timing cortex-m4"):
        Talk("stm32l4r5", images["stm32l4r5"], "cortex-m7")


def test_a_loop_in_flash_waits_where_the_accelerator_is_off(images: dict[str, Path]) -> None:
    talk = Talk("stm32l4r5", images["stm32l4r5"])
    talk.line()
    kept = int(talk.ask().removeprefix("loop "))
    timing = talk.machine.timing
    assert isinstance(timing, CortexM4Timing) and timing.clocks is not None
    talk.machine.sysbus.write(FLASH_ACR, 4, 5)  # five wait states, neither caches nor prefetch
    timing.clocks.follow()  # type: ignore[attr-defined]  # the core has not written it itself
    read = int(talk.ask().removeprefix("loop "))
    assert 99 * 5 <= read - kept <= 130 * 5  # the 99 branches back, and the way in and out


def test_the_accelerator_prefetches_and_keeps_what_was_fetched(images: dict[str, Path]) -> None:
    talk = Talk("stm32l4r5", images["stm32l4r5"])
    talk.line()
    timing = talk.machine.timing
    assert isinstance(timing, CortexM4Timing)
    talk.ask()
    before = timing.statistics["code_misses"]
    talk.ask()
    assert timing.statistics["code_misses"] - before < 100  # 1 KB of cache holds nearly all that answers
