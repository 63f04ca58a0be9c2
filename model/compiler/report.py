"""What a compilation tells: the figures of every layer and the table the command line prints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from model.compiler.passes import Effect

_FAR = 0.05  # of the bound: an arena above it wants a reason


@dataclass(frozen=True)
class LayerReport:
    """One layer; bytes are of its constants in flash, offsets of its output in the arena."""

    name: str
    op: str
    kernel: str
    output: str
    macs: int
    weight_bytes: int
    output_offset: int
    slow: str = ""
    """Why it has no fast kernel, where speed was asked for."""


@dataclass(frozen=True)
class CompileReport:
    """Result of ``compile_model``. ``peak_bytes``: all tensors alive in ``peak_layer``; the arena may be smaller,
    because an output can grow into an input that dies. ``bound_bytes``: no arena for these layers is smaller;
    ``tries``: orders of placing tried on the way there. ``fast``: the arena is for DTCM and holds scratch memory."""

    model_id: str
    hash: str
    files: list[Path]
    layers: list[LayerReport]
    macs: int
    weight_bytes: int
    arena_bytes: int
    peak_bytes: int
    bound_bytes: int
    tries: int
    peak_layer: str
    effects: list[Effect]
    fast: bool = False


def print_report(report: CompileReport, console: Console | None = None) -> None:
    """Print the layer table and the totals."""
    console = console or Console()
    table = Table(title=f"{report.model_id} ({report.hash})", box=None, header_style="bold", title_justify="left")
    for title in ("layer", "kernel", "output"):
        table.add_column(title)
    for title in ("MACs", "bytes", "at"):
        table.add_column(title, justify="right")
    for layer in report.layers:
        table.add_row(
            layer.name,
            layer.kernel,
            layer.output,
            f"{layer.macs:,}" if layer.macs else "",
            f"{layer.weight_bytes:,}" if layer.weight_bytes else "",
            f"{layer.output_offset:,}",
        )
    console.print(table)
    for layer in report.layers:
        if layer.slow:
            console.print(f"{layer.name} keeps its plain kernel: {layer.slow}", style="dim")
    done = [f"{effect.name} ({effect.text})" for effect in report.effects if effect.text != "nothing to do"]
    if done:
        console.print(f"passes: {', '.join(done)}", style="dim")
    above = report.arena_bytes / report.bound_bytes - 1
    name = "arena in DTCM, scratch memory included," if report.fast else "arena"
    reason = (
        f" ({above:.1%} more, the best of {report.tries} orders of placing its tensors)"
        if above > _FAR and not report.fast
        else ""
    )
    console.print(
        f"{len(report.layers)} layers, {report.macs:,} MACs, {report.weight_bytes:,} bytes of weights, "
        f"{name} {report.arena_bytes:,} bytes, tensors at least {report.bound_bytes:,}{reason} (tensors alive at "
        f"the peak, {report.peak_layer}: {report.peak_bytes:,})"
    )
    if report.files:
        console.print(f"wrote {', '.join(path.name for path in report.files)} to {report.files[0].parent}")
