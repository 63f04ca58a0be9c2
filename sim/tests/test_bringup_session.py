"""Texts, typing, ports and limits of a first boot."""

from __future__ import annotations

import re
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.bringup.board import FirstBoot
from sim.bringup.image import read_image
from sim.bringup.session import Goals, Reason, Session, Typing
from sim.bringup.uarts import Expectation, Uart
from sim.errors import CrosscamError
from sim.tests.bringup_bench import BOARD, DESCRIPTION, boot, program
from sim.text import monitor_path
from sim.uart_ports import open_port


def test_a_text_ends_the_run_where_it_comes() -> None:
    booted = boot("two_speak", "-O1", goals=Goals(until=["two"]))
    assert booted.outcome.reason is Reason.FOUND
    assert booted.outcome.text == '"two" came on modem'
    assert booted.said == {"console": bytearray(b"one\r\n"), "modem": bytearray(b"two")}


def test_every_expected_text_must_come() -> None:
    assert boot("two_speak", "-O1", goals=Goals(expect=["three", "one", "two"])).outcome.reason is Reason.FOUND
    missing = boot("two_speak", "-O1", goals=Goals(expect=["one", "four"])).outcome
    assert missing.reason is Reason.MISSING
    assert re.match(r'"four" did not come: endless loop in \w+ ', missing.text)


def test_a_text_that_must_not_come_ends_the_run() -> None:
    outcome = boot("two_speak", "-O1", goals=Goals(fail=["three"], expect=["one"], seconds=Fraction(1))).outcome
    assert (outcome.reason, outcome.text) == (Reason.FAILED, '"three" came on console')


def test_what_is_expected_before_a_text_is_missed_at_it() -> None:
    outcome = boot("two_speak", "-O1", goals=Goals(until=["two"], expect=["three"])).outcome
    assert outcome.text == '"three" did not come: "two" came on modem'


def test_typing_waits_for_its_text() -> None:
    typing = [Typing.parse(r"> =>a\x62c"), Typing.parse("you\r\n> =>second")]
    booted = boot("echoes", "-O1", goals=Goals(typing=typing, until=["second"]))
    assert booted.outcome.reason is Reason.FOUND
    assert booted.console == "> abc\r\nthank you\r\n> second"


@pytest.mark.parametrize("spelling", ["hello", "=>hello", ""])
def test_typing_needs_a_text_to_wait_for(spelling: str) -> None:
    with pytest.raises(CrosscamError, match=r"expected AFTER=>TEXT"):
        Typing.parse(spelling)


@given(st.text())
def test_whatever_is_to_be_typed_becomes_characters(text: str) -> None:
    assert Typing.parse(f"x=>{text}").characters.endswith(b"\r")


@given(st.lists(st.sampled_from(b"ab"), max_size=30).map(bytes), st.text("ab", min_size=1, max_size=5))
def test_a_text_is_found_where_it_first_ends(stream: bytes, text: str) -> None:
    uart = Uart("u", None, None, None)  # type: ignore[arg-type]
    wanted = Expectation(text)
    found = next((index + 1 for index, byte in enumerate(stream) if wanted.take(uart, byte)), -1)
    place = stream.find(text.encode())
    assert found == (place + len(text) if place >= 0 else -1)


def test_the_wall_time_is_a_limit_too() -> None:
    started = time.monotonic()
    outcome = boot("sleeps", "-O1", goals=Goals(seconds=Fraction(10**6), wall=0.5)).outcome
    assert outcome.reason is Reason.WALL
    assert "asleep" in outcome.text
    assert time.monotonic() - started < 10


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a limit that somebody named, a run that nobody sits at has one."""
    monkeypatch.setattr("sim.bringup.session.limit_for", lambda board_seconds: 0.5)
    outcome = boot("sleeps", "-O1", goals=Goals(seconds=Fraction(10**6))).outcome
    assert outcome.reason is Reason.WALL


def test_a_port_gets_the_bytes_of_the_uart_it_names_or_of_the_first_that_speaks(tmp_path: Path) -> None:
    elf = program("two_speak", "-O1")
    ports = [("modem", open_port(str(tmp_path / "modem"))), ("", open_port(str(tmp_path / "first")))]
    Session(FirstBoot(elf, read_image(elf), BOARD), Goals(), ports=ports).run()
    for _, port in ports:
        port.close()
    assert (tmp_path / "modem").read_bytes() == b"two\r\n"
    assert (tmp_path / "first").read_bytes() == b"one\r\nthree\r\n"


def test_a_uart_that_is_not_there() -> None:
    elf = program("two_speak", "-O1")
    with pytest.raises(CrosscamError, match=r"no UART usart9 on this board: expected one of console, modem"):
        Session(FirstBoot(elf, read_image(elf), BOARD), Goals(), ports=[("usart9", open_port("pty"))])


# Boards and kinds of firmware


def _said(firmware: Path, board: Path, address: int | None = None) -> bytes:
    made = FirstBoot(firmware, read_image(firmware, address), board)
    said = bytearray()
    made.uarts.on_char.append(lambda uart, byte: said.append(byte))
    Session(made, Goals()).run()
    return bytes(said)


@pytest.mark.parametrize("board", [BOARD, DESCRIPTION], ids=["script", "description"])
def test_each_kind_of_file_boots_on_a_script_and_on_a_description(board: Path, tmp_path: Path) -> None:
    elf = program("done", "-O1")
    image = read_image(elf)
    ((start, data),) = image.segments
    raw = tmp_path / "program.bin"
    raw.write_bytes(data)
    assert _said(elf, board) == b"done\r\n"
    assert _said(raw, board, start) == b"done\r\n"
    hexes = tmp_path / "program.hex"
    hexes.write_text(_intel_hex(start, data))
    assert _said(hexes, board) == b"done\r\n"


def test_a_script_that_loads_raw_images_gets_an_elf_too(tmp_path: Path) -> None:
    script = BOARD.read_text().replace("LoadELF $bin", "LoadBinary $bin 0x08000000")
    (tmp_path / "raw.resc").write_text(script.replace("$ORIGIN/board.repl", f"{monitor_path(DESCRIPTION)}"))
    assert _said(program("done", "-O1"), tmp_path / "raw.resc") == b"done\r\n"


def test_a_script_that_loads_nothing_gets_the_firmware(tmp_path: Path) -> None:
    (tmp_path / "bare.resc").write_text(f"mach create\nmachine LoadPlatformDescription {monitor_path(DESCRIPTION)}\n")
    assert _said(program("done", "-O1"), tmp_path / "bare.resc") == b"done\r\n"


def test_vectors_elsewhere_than_the_board_boots_from_are_found_and_told(tmp_path: Path) -> None:
    script = BOARD.read_text().replace("LoadELF $bin", "LoadELF $bin\n    cpu VectorTableOffset 0x08010000")
    (tmp_path / "high.resc").write_text(script.replace("$ORIGIN/board.repl", f"{monitor_path(DESCRIPTION)}"))
    elf = program("reset_for_ever", "-O1")
    made = FirstBoot(elf, read_image(elf), tmp_path / "high.resc")
    assert made.notes == ["nothing to run at 0x08010000: starts at the vector table 0x08000000"]
    assert Session(made, Goals()).run().reason is Reason.RESET_LOOP


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("board.txt", "", "expected a script"),
        ("board.resc", "", "no machine"),
        ("board.resc", "mach create\n", "no core"),
        ("board.repl", "ram: Memory.MappedMemory @ sysbus 0x20000000\n    size: 0x1000\n", "no core"),
        ("board.repl", DESCRIPTION.read_text().replace("0x08000000", "0x00000000"), "do not fit any memory"),
    ],
)
def test_a_board_that_cannot_take_the_firmware_is_one_line(
    name: str, text: str, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    elf = program("done", "-O1")
    with pytest.raises(CrosscamError, match=complaint) as error:
        FirstBoot(elf, read_image(elf), tmp_path / name)
    assert "\n" not in str(error.value)


def _intel_hex(start: int, data: bytes) -> str:
    """``data`` in records of 16 bytes."""

    def record(kind: int, address: int, content: bytes) -> str:
        body = bytes([len(content)]) + address.to_bytes(2, "big") + bytes([kind]) + content
        return f":{body.hex()}{-sum(body) & 0xFF:02x}".upper()

    lines = [record(4, 0, (start >> 16).to_bytes(2, "big"))]
    lines += [record(0, offset, data[offset : offset + 16]) for offset in range(0, len(data), 16)]
    return "\n".join([*lines, record(1, 0, b""), ""])
