"""Channels that are one value whatever the picture shows are taken out, all or all but one to leave an even number.

Exact, by interval arithmetic over all inputs in int8: a convolution's sum lies between two ends, and what its scaling
makes of both ends it makes of everything between. Where that value is the zero point, it counts nothing in the next
convolution, padding included; a depthwise convolution makes another constant of it, which goes into the bias behind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.compiler.ir import Conv2D, DepthwiseConv2D, Graph, Op, Tensor
from model.compiler.quantize import INT8, fold_input_offset, multiply_by_quantized_multiplier, quantize_multiplier

_INT32 = 1 << 31


@dataclass(frozen=True)
class _Chain:
    """A convolution, the depthwise convolution behind it where there is one, and the convolution that reads them."""

    first: Conv2D
    between: DepthwiseConv2D | None
    last: Conv2D


def put_idle_channels_last(graph: Graph) -> bool:
    """Take channels out, and mark one that stays idle; the network's outputs stay bit for bit the same."""
    changed = False
    for op in graph.ops:
        chain = _chain(graph, op)
        if chain is not None and _is_plain(chain.first):
            changed |= _reorder(chain)
    return changed


def constant_outputs(op: Conv2D | DepthwiseConv2D, weights: np.ndarray) -> list[int | None]:
    """The value of every output channel that has only one; ``weights`` are (out, n)."""
    zero, (least, most) = op.output.zero_point, op.clamp
    folded = fold_input_offset(op.bias, weights.sum(axis=1, dtype=np.int64), op.inputs[0].zero_point)
    result: list[int | None] = []
    for row, bias, real in zip(weights.astype(np.int64), folded, op.multipliers, strict=True):
        multiplier, shift = quantize_multiplier(real)
        ends = [bias + int(np.where(row > 0, row * above, row * below).sum()) for below, above in (INT8[::-1], INT8)]
        if max(abs(end) for end in ends) << max(shift, 0) >= _INT32:
            result.append(None)
            continue
        values = {
            min(max(multiply_by_quantized_multiplier(end, multiplier, shift) + zero, least), most) for end in ends
        }
        result.append(values.pop() if len(values) == 1 else None)
    return result


def _chain(graph: Graph, op: Op) -> _Chain | None:
    if not isinstance(op, Conv2D):
        return None
    reader = _only_reader(graph, op.output)
    if isinstance(reader, Conv2D) and reader.groups == 1:
        return _Chain(op, None, reader)
    if isinstance(reader, DepthwiseConv2D) and reader.output.hwc[2] == op.output.hwc[2]:
        last = _only_reader(graph, reader.output)
        if isinstance(last, Conv2D) and last.groups == 1 and last.window.kernel == (1, 1) and last.window.pad == (0, 0):
            return _Chain(op, reader, last)
    return None


def _only_reader(graph: Graph, tensor: Tensor) -> Op | None:
    """The operator that alone reads ``tensor``, all of it and under no other name."""
    if tensor.alias is not None or any(output.root is tensor for output in graph.outputs):
        return None
    readers = [op for op in graph.ops if any(source.root is tensor for source in op.inputs)]
    writers = [op for op in graph.ops if op.output.root is tensor]
    if len(readers) != 1 or len(writers) != 1 or readers[0].inputs[0] is not tensor:
        return None
    return readers[0]


def _is_plain(op: Conv2D) -> bool:
    return op.groups == 1 and len(op.output.shape) == 4 and op.output.idle == 0


def _reorder(chain: _Chain) -> bool:
    first, between, last = chain.first, chain.between, chain.last
    channels = first.weights.shape[0]
    values = constant_outputs(first, first.weights.reshape(channels, -1))
    idle = [channel for channel, value in enumerate(values) if value == first.output.zero_point]
    if not idle or len(idle) == channels:
        return False
    order = [channel for channel in range(channels) if channel not in idle] + idle
    bias = last.bias.astype(np.int64)
    if between is not None:
        behind = np.array([_behind(between, channel) - between.output.zero_point for channel in idle], np.int64)
        bias = bias + last.weights[..., idle].reshape(len(bias), len(idle)).astype(np.int64) @ behind
    if np.abs(bias).max() >= _INT32:
        return False
    last.bias = bias.astype(np.int32)
    weights = last.weights.copy()
    weights[..., idle] = 0
    last.weights = np.ascontiguousarray(weights[..., order])
    first.weights = np.ascontiguousarray(first.weights[order])
    for op in (first, between):
        if op is not None:
            op.bias = op.bias[order]
            op.multipliers = [op.multipliers[channel] for channel in order]
    if between is not None:
        between.weights = np.ascontiguousarray(between.weights[..., order])
    _cut(chain, channels - len(idle))
    return True


def _cut(chain: _Chain, used: int) -> None:
    """Leave the first ``used`` channels, and one more where that is an odd number."""
    kept = used + used % 2
    first, between, last = chain.first, chain.between, chain.last
    before = [(op, op.macs) for op in (first, between, last) if op is not None]
    first.weights = first.weights[:kept]
    last.weights = np.ascontiguousarray(last.weights[..., :kept])
    if between is not None:
        between.weights = np.ascontiguousarray(between.weights[..., :kept])
    for op in (first, between):
        if op is not None:
            op.bias, op.multipliers = op.bias[:kept], op.multipliers[:kept]
            op.output.shape = (*op.output.shape[:-1], kept)
            op.output.idle = kept - used
    for op, macs in before:
        op.left_out += macs - op.macs


def _behind(op: DepthwiseConv2D, channel: int) -> int:
    """What a depthwise convolution makes of a channel that is its input's zero point everywhere."""
    multiplier, shift = quantize_multiplier(op.multipliers[channel])
    value = multiply_by_quantized_multiplier(int(op.bias[channel]), multiplier, shift) + op.output.zero_point
    return min(max(value, op.clamp[0]), op.clamp[1])
