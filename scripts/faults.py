"""``crosscam faults``: what can go wrong with a board on purpose."""

from __future__ import annotations

from collections.abc import Mapping


def faults() -> None:
    """List the kinds of faults, for [bold]crosscam run --fault[/bold] and the Robot keyword [bold]Inject Fault[/bold].

    Example: [bold]crosscam run --fault camera.nack,at=12 --fault camera.no-vsync,frames=20@frame:3[/bold]
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from scripts.console import terminal
    from sim.faults.injector import KINDS
    from sim.faults.order import MOMENTS

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("fault", "arguments", "what happens"):
        table.add_column(heading)
    for kind in KINDS.values():
        table.add_row(Text(kind.name), Text(arguments_of(kind.parameters)), Text(kind.text))
    console = terminal()
    console.print(table)
    console.print(f"KIND[,NAME=VALUE]...[@MOMENT]; MOMENT: {MOMENTS}; +MILLISECONDSms behind it: later", soft_wrap=True)


def arguments_of(parameters: Mapping[str, int | str | None]) -> str:
    """``at=1 frames=0``; the name alone where a value has to be given."""
    return " ".join(name if default is None else f"{name}={default}" for name, default in parameters.items())
