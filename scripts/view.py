"""``crosscam view``: a live page of the board on this computer."""

from __future__ import annotations

import contextlib
import socket
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import NoPython
from scripts.record import BoardScript
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.errors import CrosscamError

LOOPBACK = "127.0.0.1"


def view(
    elf: Annotated[Path, typer.Option(help="Firmware to boot.")] = ELF,
    frames: Annotated[
        list[Path] | None, typer.Option(help="Frame folder to choose from; may be repeated, the first is shown.")
    ] = None,
    board_script: BoardScript = None,
    timing: Annotated[str, typer.Option(help="Clock: cortex-m7, cortex-m7:CHIP or instructions.")] = "cortex-m7",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any that is free.")] = 8137,
    listen: Annotated[str, typer.Option(help="Address to listen on; another than loopback has to be said twice.")] = (
        LOOPBACK
    ),
    exposed: Annotated[
        str | None, typer.Option("--anyone-may-drive-the-board-at", help="Say the address of --listen again.")
    ] = None,
    no_python: NoPython = False,
) -> None:
    """Boot the vision board and serve a page on which it runs: camera, display, UART, LEDs, cycles, layers; drop a
    picture into its camera, let it look through your webcam, or let a fault set in.

    Keys: space runs and pauses, f one frame, r resets, n next fault, / types to the board. Ends with Ctrl-C.

    Example: [bold]crosscam view --frames build/frames/demo[/bold]
    """
    hosts = _hosts(listen, exposed)
    try:
        import uvicorn

        from sim.view.server import Audience, application
    except ImportError as error:
        raise CrosscamError(f"{error.name} is not installed: `pip install 'crosscam[view]'` brings it") from None
    from sim.boot import Board, check_inputs
    from sim.view.stage import Stage

    elf = firmware_or_built(elf, shipped(MODEL))
    folders = [frames_or_demo(each) for each in frames or [FRAMES]]
    check_inputs(elf, folders[0])
    with contextlib.ExitStack() as cleanup:
        door = cleanup.enter_context(_bound(listen, port))
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="crosscam-")))
        audience = Audience()
        stage = Stage(lambda: Board(elf, folders[0], timing, board_script), _named(folders), folder, audience.tell)
        stage.start()
        cleanup.callback(stage.close)
        typer.echo(f"the board is at http://{listen if ':' not in listen else f'[{listen}]'}:{door.getsockname()[1]}/")
        config = uvicorn.Config(
            application(stage, audience, hosts), log_level="warning", ws_max_size=1 << 20, timeout_graceful_shutdown=2
        )
        uvicorn.Server(config).run(sockets=[door])


def _hosts(listen: str, exposed: str | None) -> tuple[str, ...]:
    from ipaddress import ip_address

    try:
        address = ip_address(listen)
    except ValueError:
        raise CrosscamError(f"--listen {listen}: expected an address such as {LOOPBACK}") from None
    if address.is_loopback:
        return (LOOPBACK, "localhost", "::1", listen)
    if exposed != listen:
        raise CrosscamError(
            f"--listen {listen}: whoever reaches it could drive the board; where that is meant, say it twice: "
            f"--anyone-may-drive-the-board-at {listen}"
        )
    return (LOOPBACK, "localhost", "::1", listen, *([socket.gethostname()] if address.is_unspecified else []))


def _bound(listen: str, port: int) -> socket.socket:
    door = socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((listen, port))
    except OSError as error:
        door.close()
        raise CrosscamError(
            f"cannot listen on {listen}:{port}: {error.strerror}; choose another --port, 0 for any"
        ) from None
    return door


def _named(folders: list[Path]) -> dict[str, Path]:
    """Each folder by its name; where two have the same, by all of its path."""
    names = [folder.resolve().name for folder in folders]
    return {
        name if names.count(name) == 1 else str(folder): folder for name, folder in zip(names, folders, strict=True)
    }
