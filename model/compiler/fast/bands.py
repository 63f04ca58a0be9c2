"""How much of a layer is done at a time: what fits into scratch memory, and whose outputs stay in the data cache."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.compiler.fast.call import NoFastKernelError
from model.compiler.ir import Window
from model.compiler.kernels.base import Access

CACHED_BYTES = 13 * 1024
"""Outputs of a band: every channel goes over all of them, and the data cache has 16 KB."""


def even_bands(total: int, most: int) -> int:
    """Size of the bands that ``total`` is cut into, none larger than ``most`` and all about equal."""
    return -(-total // -(-total // most))


@dataclass(frozen=True)
class RowBands:
    """Bands of ``rows`` output rows out of ``total``, for each of which ``input_rows`` are in scratch memory."""

    view: Window
    total: int
    rows: int
    parts: int = 1
    """Passes over a band's input, each for some of the channels."""

    @classmethod
    def of(
        cls, view: Window, total: int, scratch_row: int, output_row: int, scratch: int, most_parts: int = 1
    ) -> RowBands:
        """As many rows as fit; a row of the input takes ``scratch_row`` bytes of ``scratch`` memory, one of the output
        ``output_row``. Where not all of a row's channels fit, a part of them, down to one of ``most_parts``.

        Raises NoFastKernelError where a single row does not fit."""
        extent = (view.kernel[0] - 1) * view.dilation[0] + 1
        parts = min(-(-extent * scratch_row // scratch), most_parts)
        room = scratch // -(-scratch_row // parts)
        if room < extent:
            raise NoFastKernelError(f"{extent} rows of {scratch_row:,} bytes, scratch memory has {scratch:,}")
        most = min((room - extent) // view.stride[0] + 1, max(1, CACHED_BYTES // output_row))
        return cls(view, total, even_bands(total, most), parts)

    @property
    def input_rows(self) -> int:
        """Rows of the input, padding included, that a whole band sees."""
        return (self.rows - 1) * self.view.stride[0] + (self.view.kernel[0] - 1) * self.view.dilation[0] + 1

    def access(self, height: int, row_bytes: int, output_row: int) -> Access:
        """All of a band is read before anything of it is written, or in parts of the channels."""
        starts = np.arange(0, self.total, self.rows, dtype=np.int64)
        first = np.clip(starts * self.view.stride[0] - self.view.pad[0], 0, height)
        steps = min(self.parts, 2)  # all writes of a band may come before its last part is read
        written = np.minimum(starts + self.rows, self.total) * output_row
        return Access(np.repeat(first * row_bytes, steps), np.repeat(written, steps))
