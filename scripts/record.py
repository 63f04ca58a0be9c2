"""``crosscam record`` and ``crosscam replay``: a run of the vision board as one file, and the same run again."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import NoPython, tell
from scripts.run import SECONDS_PER_FRAME
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.errors import CrosscamError
from sim.text import number_of, printable

if TYPE_CHECKING:
    from sim.boot import Board
    from sim.recording.recording import Recording, Typed

BoardScript = Annotated[
    Path | None, typer.Option("--board", help="Board script (.resc); default: sim/board/crosscam.resc.")
]


def record(
    output: Annotated[Path, typer.Option("-o", "--output", help="The recording, such as run.crosscam.")],
    elf: Annotated[Path, typer.Option(help="Firmware to boot.")] = ELF,
    frames: Annotated[Path, typer.Option(help="Frame folder (see `crosscam frames`).")] = FRAMES,
    board_script: BoardScript = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Frames to run; default: each frame of the folder once.")
    ] = None,
    timing: Annotated[str, typer.Option(help="Clock: cortex-m7, cortex-m7:CHIP or instructions.")] = "cortex-m7",
    typed: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="SECONDS=TEXT", help="Type TEXT and Enter at that board time; may be repeated."),
    ] = None,
    uart: Annotated[
        list[str] | None,
        typer.Option(help="Also connect the UART to pty, tcp:PORT[,wait[=SECONDS]] or a file; may be repeated."),
    ] = None,
    with_firmware: Annotated[
        bool, typer.Option("--with-firmware/--without-firmware", help="Keep the firmware itself in the recording.")
    ] = True,
    no_python: NoPython = False,
) -> None:
    """Boot the vision board and record the run: frames, firmware, what is typed, every UART byte with its cycle.

    [bold]crosscam replay[/bold] runs it again anywhere, [bold]crosscam compare[/bold] holds it against a board's log.
    Exit status 0 when all frames came, 1 when not; the recording is written either way.

    Example: [bold]crosscam record -o run.crosscam --count 5 --type 0.3=p[/bold]
    """
    from scripts.console import terminal
    from sim.boot import BOARD_SCRIPT, Board
    from sim.engine.elf import ElfImage
    from sim.files_read import FilesRead
    from sim.frames.folder import FrameFolder, write_folder
    from sim.recording.archive import write_recording
    from sim.recording.inputs import board_files, host, image_digest
    from sim.recording.recorder import Recorder, ScriptedPort, frames_for, started
    from sim.recording.recording import Firmware
    from sim.uart_ports import open_port
    from sim.verdict import FrameSequence
    from sim.vision_run import VisionRun
    from sim.watch.warnings import WarningLog

    console = terminal()
    planned = [_typing(each) for each in typed or []]
    elf = firmware_or_built(elf, shipped(MODEL))
    image = image_digest(ElfImage.read(elf))
    folder = FrameFolder.open(frames_or_demo(frames))
    wanted = count or len(folder.entries)
    shown, indices = frames_for(folder, wanted)
    content = elf.read_bytes() if with_firmware else None
    recording = started(shown, indices, timing, wanted, Firmware(elf.name, image, content), dict(host()))
    with contextlib.ExitStack() as cleanup:
        place = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="crosscam-")))
        camera = write_folder(place / "frames", recording.set_name, recording.shots(), recording.playback)
        ports = [open_port(spelling) for spelling in uart or []]
        for port in ports:
            cleanup.callback(port.close)
        cleanup.enter_context(WarningLog(tell))
        read = cleanup.enter_context(FilesRead())
        board = Board(elf, camera.path, timing, board_script)
        cleanup.callback(board.close)
        board.check_camera()
        recorder = Recorder(board)
        board.attach(ScriptedPort(board, _with_cycles(board, planned)))
        for port in ports:
            board.attach(port)
            console.print(f"UART at {printable(port.description)}")
        for port in ports:
            port.wait()
        board.on_line.append(lambda line: console.print(f"  {printable(line.text)}", soft_wrap=True))
        sequence = FrameSequence(board.photograph)
        watched = VisionRun(board, sequence, wanted, tell)
        last = max((seconds for seconds, _ in planned), default=0.0)
        board.run_until(lambda: watched.is_over() and board.seconds > last, last + 2.0 + wanted * SECONDS_PER_FRAME)
        watched.explain(elf)
        files = board_files(read, board_script or BOARD_SCRIPT, elf, camera.path)
        recording = recorder.finished(replace(recording, board=files), sequence.seen[:wanted])
    write_recording(output, recording)
    for problem in sequence.problems:
        tell(f"problem: {problem}")
    console.print(f"recorded {_size(recording)} in {printable(str(output))}")
    if sequence.problems or len(recording.shown) < wanted:
        raise typer.Exit(1)


def _size(recording: Recording) -> str:
    frames, sent = number_of(len(recording.shown), "frame"), number_of(len(recording.uart), "byte")
    return f"{frames}, {sent} of UART, {recording.milliseconds:,} ms"


def _typing(spelling: str) -> tuple[float, str]:
    seconds, equals, text = spelling.partition("=")
    try:
        when = float(seconds)
    except ValueError:
        when = -1.0
    if not equals or not 0 <= when < 1e5 or not text.isascii():
        raise CrosscamError(
            f"--type {spelling}: expected SECONDS=TEXT, such as 0.5=p (board time; ASCII; Enter is added)"
        )
    return when, text


def _with_cycles(board: Board, planned: list[tuple[float, str]]) -> list[Typed]:
    """Before the first run: the clock still has its first frequency, so the moment is asked for in seconds."""
    from sim.recording.recording import Typed

    return [Typed(board.machine.clock.cycles(seconds), f"{text}\r".encode("ascii")) for seconds, text in planned]


def replay(
    recording_file: Annotated[Path, typer.Argument(metavar="RECORDING", help="What `crosscam record` wrote.")],
    elf: Annotated[Path | None, typer.Option(help="Firmware to run instead of the recorded one.")] = None,
    board_script: BoardScript = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Record the new run, too.")] = None,
    no_python: NoPython = False,
) -> None:
    """Run a recording again and hold every UART byte and every line's cycle against it.

    Exit status 0 when all are the same; 1 when not: the first difference is shown, and which input differs (firmware,
    a file of the board, crosscam itself); 2 on bad input.

    Example: [bold]crosscam replay run.crosscam[/bold]
    """
    from scripts.console import terminal
    from sim.recording.archive import read_recording, write_recording
    from sim.recording.replay import replay as run_again
    from sim.watch.warnings import WarningLog

    recording = read_recording(recording_file)
    with tempfile.TemporaryDirectory(prefix="crosscam-") as folder, WarningLog(tell):
        replayed = run_again(recording, Path(folder), elf, board_script)
    if output is not None:
        write_recording(output, replayed.again)
    console = terminal()
    for each in replayed.inputs:
        console.print(f"differs: {printable(each)}", soft_wrap=True)
    if replayed.difference:
        console.print(f"first difference: {printable(replayed.difference)}", soft_wrap=True)
        console.print("FAIL: the run is another one", style="red")
        raise typer.Exit(1)
    console.print(f"PASS: {_size(replayed.again)}, all as recorded", style="green")
