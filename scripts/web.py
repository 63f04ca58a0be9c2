"""``crosscam web``: a network as a page that runs it in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.model_names import model_at


def web(
    model: Annotated[Path, typer.Argument(help="A folder with a card, a .tflite, or a name from the shelf.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the page.")],
) -> None:
    """Write a page that runs the model in the browser, by the same C and the same preprocessing as the board's.

    Choose, drop or paste pictures, or use the webcam. The folder works from any static host, or opened from disk;
    nothing leaves the browser. Scores equal the board's bit for bit. Needs the extra \\[zig].

    Example: [bold]crosscam web model/zoo/person_car_160 -o build/web[/bold]
    """
    from model.web.page import write_page
    from scripts.console import terminal

    console = terminal(stderr=True)
    with console.status("compiling to WebAssembly"):
        files = write_page(model_at(model), output)
    size = sum(path.stat().st_size for path in files)
    typer.echo(f"{output / 'index.html'}: {len(files)} files, {size:,} bytes; open it, or serve the folder")
