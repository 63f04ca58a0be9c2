"""PAD before a convolution becomes the convolution's own padding.

Exact, because both mean the same: PAD writes the zero point, and a convolution treats what lies outside its input as
the zero point too (its product with any weight is zero).
"""

from __future__ import annotations

from dataclasses import replace

from model.compiler.ir import Conv2D, DepthwiseConv2D, Graph, Pad


def fold_pad(graph: Graph) -> bool:
    """Let convolutions read the tensor before the PAD; a PAD that nothing reads any more is left to drop_dead."""
    changed = False
    for op in graph.ops:
        if not isinstance(op, Conv2D | DepthwiseConv2D):
            continue
        while (pad := _producer(graph, op)) is not None:
            op.inputs[0] = pad.inputs[0]
            top, left = op.window.pad
            op.window = replace(op.window, pad=(top + pad.height[0], left + pad.width[0]))
            changed = True
    return changed


def _producer(graph: Graph, op: Conv2D | DepthwiseConv2D) -> Pad | None:
    source = op.inputs[0].root
    if op.inputs[0].root_offset or source.shape != op.inputs[0].shape:
        return None
    return next((pad for pad in graph.ops if isinstance(pad, Pad) and pad.output is source), None)
