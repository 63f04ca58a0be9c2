"""``crosscam report``: one HTML file of a run, a recording or a Robot suite, for people to look at."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import NoPython, tell
from scripts.run import SECONDS_PER_FRAME, SECONDS_TO_DRAW, rows_of
from scripts.run_verdict import Verdict
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.files import write_text
from sim.text import printable

if TYPE_CHECKING:
    from scripts.references import HostReference
    from sim.budget import Budgets
    from sim.frames.folder import FrameFolder
    from sim.lcd_kept import KeptPicture
    from sim.recording.recording import Typed
    from sim.report.page import FrameShown, Page
    from sim.verdict import Seen


def report(
    source: Annotated[
        Path | None,
        typer.Argument(help="A recording, or the output.xml of a Robot run; default: runs the firmware on the frames."),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="The page.")] = Path("build/report.html"),
    elf: Annotated[Path, typer.Option(help="Firmware to boot.")] = ELF,
    frames: Annotated[Path, typer.Option(help="Frame folder; of a suite: where its photographs are.")] = FRAMES,
    model: Annotated[Path, typer.Option(help="Model folder the firmware was compiled from.")] = MODEL,
    board_script: Annotated[Path | None, typer.Option("--board", help="Board script (.resc).")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Frames to run; default: each of the folder once.")] = None,
    timing: Annotated[str, typer.Option(help="Clock: cortex-m7, cortex-m7:CHIP or instructions.")] = "cortex-m7",
    budgets: Annotated[
        Path | None, typer.Option(help="Hold the firmware of a run to these budgets, too (see `crosscam budget`).")
    ] = None,
    no_python: NoPython = False,
) -> None:
    """Write one self-contained HTML file: frames with what the camera saw, scores, cycles by layer and function,
    memory map, budgets, warnings, UART, and hashes of what ran. It opens without a network and runs no script.

    Exit status 0 when the run passed, 1 when not (the page is written either way), 2 on bad input.

    Example: [bold]crosscam report -o report.html --count 6[/bold]
    """
    from sim.budget import Budgets
    from sim.recording.archive import is_recording
    from sim.report.page import render

    limits = None if budgets is None else Budgets.read(budgets)
    with tempfile.TemporaryDirectory(prefix="crosscam-") as folder:
        if source is None:
            wanted = _Wanted(firmware_or_built(elf, shipped(model)), frames_or_demo(frames), timing, count)
            page = _held_to(limits, wanted, _run(wanted, shipped(model), board_script))
        elif is_recording(source):
            wanted = _recorded(source, Path(folder))
            page = _held_to(limits, wanted, _run(wanted, shipped(model), board_script))
        else:
            page = _suite(source, frames)
    write_text(output, render(page))
    typer.echo(f"{printable(str(output))}: {'PASS' if page.passed else 'FAIL'}: {printable(page.verdict)}")
    if not page.passed:
        raise typer.Exit(1)


class _Wanted:
    """What is to be run. ``count``: frames, None: each of the folder once."""

    def __init__(
        self, elf: Path, frames: Path, timing: str, count: int | None, typed: tuple[Typed, ...] = (), name: str = ""
    ) -> None:
        self.elf, self.frames, self.timing, self.count, self.typed = elf, frames, timing, count, typed
        self.name = name or elf.name


def _recorded(source: Path, folder: Path) -> _Wanted:
    from sim.frames.folder import write_folder
    from sim.recording.archive import read_recording
    from sim.recording.replay import unpacked

    recording = read_recording(source)
    frames = write_folder(folder / "frames", recording.set_name, recording.shots(), recording.playback)
    elf = unpacked(recording.firmware, folder)
    return _Wanted(elf, frames.path, recording.timing, recording.wanted, recording.typed, recording.firmware.name)


def _run(wanted: _Wanted, model: Path, board_script: Path | None) -> Page:
    from scripts.references import HostReference
    from sim.boot import BOARD_SCRIPT, Board
    from sim.files_read import FilesRead
    from sim.frames.folder import FrameFolder
    from sim.lcd_kept import KeptPictures
    from sim.profile.profiler import Profiler
    from sim.profile.windows import FrameWindows
    from sim.recording.inputs import board_files
    from sim.recording.recorder import ScriptedPort
    from sim.report import run_page
    from sim.report.page import MOST_PICTURES, Page
    from sim.verdict import FrameSequence
    from sim.vision_run import VisionRun
    from sim.watch.warnings import WarningLog

    folder = FrameFolder.open(wanted.frames)
    reference = HostReference(model, folder)
    count = wanted.count or len(folder.entries)
    with contextlib.ExitStack() as cleanup:
        warnings = cleanup.enter_context(WarningLog(tell))
        read = cleanup.enter_context(FilesRead())
        board = Board(wanted.elf, wanted.frames, wanted.timing, board_script)
        cleanup.callback(board.close)
        board.check_camera()
        board.attach(ScriptedPort(board, wanted.typed))
        profiler = Profiler(board.machine)
        measured = FrameWindows(board, profiler.recorder)
        sequence = FrameSequence(board.photograph)
        watched = VisionRun(board, sequence, count, tell)
        display = KeptPictures(board, MOST_PICTURES)
        board.on_look.append(display.look)
        board.run_until(watched.is_over, 2.0 + count * SECONDS_PER_FRAME)
        board.run_until(lambda: display.look() >= count, SECONDS_TO_DRAW)
        watched.explain(wanted.elf)
        windows = measured.windows[1:count] or measured.windows[:1]
        profile = profiler.profile(windows) if windows else None
        profiler.close()
        lines = [line.text for line in board.lines]
        files = board_files(read, board_script or BOARD_SCRIPT, wanted.elf, wanted.frames)
        environment = run_page.environment(board.seconds, wanted.elf, wanted.timing, files)
        page = Page(
            title=f"{wanted.name} on the {folder.set_name} frames",
            passed=False,
            verdict="",
            about=run_page.about(lines),
            frames=_frames(folder, sequence.seen[:count], reference, display.pictures),
            problems=sequence.problems,
            warnings=run_page.warning_rows(warnings, board),
            uart=lines,
            environment=environment | {"Model and frames": _inputs(reference, folder)},
        )
    if profile is not None:
        page = replace(
            page,
            profiled=f"{profile.cycles:,} cycles of {_plural(len(windows), 'frame')}; {profile.clock}",
            layers=run_page.layer_bars(profile),
            functions=run_page.function_bars(profile),
            interrupts=run_page.exceptions(profile),
            memories=run_page.memory_bars(profile),
        )
    verdict = Verdict(reference.card.labels, rows_of(sequence.seen[:count], reference), count, sequence.problems)
    return replace(page, **_judged(verdict, page, profile.hertz if profile is not None else 0))


def _held_to(budgets: Budgets | None, wanted: _Wanted, page: Page) -> Page:
    """``page`` with the firmware's budgets, measured in a run of their own as ``crosscam budget check`` does."""
    if budgets is None:
        return page
    from sim.budget import measure
    from sim.report.budgets import budget_bars
    from sim.robot.figures import compiler_of

    figures = measure(wanted.elf, wanted.frames, budgets.timing)
    bars = budget_bars(budgets.compare(compiler_of(wanted.elf), figures))
    above = [bar for bar in bars if not bar.passed]
    if not above:
        return replace(page, budgets=bars)
    return replace(
        page,
        budgets=bars,
        passed=False,
        verdict=f"{page.verdict}; {_plural(len(above), 'figure')} above budget",
        problems=[*page.problems, *(f"above budget: {bar.says}" for bar in above)],
    )


def _plural(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _judged(verdict: Verdict, page: Page, hertz: int) -> dict[str, object]:
    from sim.verdict import counted

    rows = verdict.rows
    labelled = [row for row in rows if row.labels]
    cycles = [row.cycles for row in rows]
    mean = sum(cycles) / len(cycles) if cycles else 0.0
    figures = [("equal to the host", f"{verdict.equal} of {verdict.wanted}")]
    if labelled:
        hits = sum(row.labels == row.predicted for row in labelled)
        figures.append(("agree with the labels", f"{hits} of {len(labelled)}"))
    if cycles:
        figures += [("cycles a frame", f"{mean:,.0f}"), ("spread of cycles", f"{max(cycles) - min(cycles):,}")]
    if hertz and mean:
        figures.append(("network, a frame", f"{1000 * mean / hertz:.1f} ms"))
    figures.append(("warnings", f"{sum(count for count, _ in page.warnings):,}"))
    return {
        "passed": verdict.passed,
        "verdict": counted(verdict.equal, len(rows), verdict.wanted),
        "figures": figures,
    }


def _frames(
    folder: FrameFolder, seen: list[Seen], reference: HostReference, display: list[KeptPicture]
) -> list[FrameShown]:
    from sim.report.page import MOST_PICTURES, frame_shown, picture_of, png_uri

    shown = []
    none_left_out = len(display) >= min(len(seen), MOST_PICTURES)  # else nobody knows which frame a picture is of
    lcds = {each.number: png_uri(each.png) for each in display} if none_left_out else {}
    for number, (each, row) in enumerate(zip(seen, rows_of(seen, reference), strict=True)):
        has_picture = each.photograph is not None and number < MOST_PICTURES
        picture = picture_of(folder.pixels(each.photograph)) if has_picture and each.photograph is not None else ""
        lcd = lcds.get(number + 1, "")
        shown.append(
            frame_shown(each.prediction, row.source, row.labels, row.predicted, row.reference, picture=picture, lcd=lcd)
        )
    return shown


def _inputs(reference: HostReference, folder: FrameFolder) -> list[tuple[str, str]]:
    return [
        ("model", reference.card.id),
        ("SHA-256 of the model", reference.card.sha256),
        ("frames", f"{len(folder.entries)} of the {folder.set_name} set, {folder.playback.order}"),
        ("licences", ", ".join(sorted({entry.license for entry in folder.entries if entry.license})) or "unknown"),
    ]


def _suite(source: Path, frames: Path) -> Page:
    from sim.frames.folder import FrameFolder
    from sim.report.page import MOST_PICTURES, picture_of
    from sim.report.suite_page import suite_page

    pictures = {}
    if (frames / "frames.json").is_file():
        folder = FrameFolder.open(frames)
        pictures = {
            entry.source: picture_of(folder.pixels(at)) for at, entry in enumerate(folder.entries[:MOST_PICTURES])
        }
    return suite_page(source, pictures)
