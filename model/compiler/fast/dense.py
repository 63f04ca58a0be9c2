"""FULLY_CONNECTED, and 1x1 convolutions of a pixel or few: the weights are read once, so flash sets the pace."""

from __future__ import annotations

import numpy as np

from model.compiler.fast.assembly import Routine
from model.compiler.fast.call import SCRATCH_SLACK, FastCall, NoFastKernelError, Variant, word_constant
from model.compiler.fast.dense_code import OUTPUTS, dense_routine, turn_inputs
from model.compiler.fast.requantize import NoFormError
from model.compiler.fast.thresholds import SharedScaling, in_double, in_fixed_point, shared_scaling
from model.compiler.fast.widen import split_order, widen_split
from model.compiler.ir import Conv2D, FullyConnected
from model.compiler.kernels.base import Access
from model.compiler.quantize import INT8, fold_input_offset

_HALF = (-(1 << 15), (1 << 15) - 1)


def dense(op: FullyConnected | Conv2D, arithmetic: str) -> list[Variant]:
    """nn_fast_dense_s8; raises NoFastKernelError or NoFormError where it does not do."""
    source, output = op.inputs[0], op.output
    weights = op.weights.reshape(op.weights.shape[0], -1)
    outputs, inputs = weights.shape
    if source.root_offset % 4 or (source.size != inputs and inputs % 4):
        raise NoFastKernelError("rows of inputs that do not begin on words")
    if op.clamp != INT8:
        raise NoFormError(f"outputs clamped to {op.clamp[0]}..{op.clamp[1]}, not to all of int8")
    if np.any((wide := _packed(weights)) < _HALF[0]) or np.any(wide > _HALF[1]):
        raise NoFormError("two weights that do not fit into a halfword together")
    fixed = isinstance(op, Conv2D) or arithmetic == "tflm"
    reals = np.array(op.fixed_multipliers if isinstance(op, FullyConnected) and fixed else op.multipliers, np.float64)
    bias = np.array(fold_input_offset(op.bias, weights.sum(axis=1, dtype=np.int64), source.zero_point), np.int64)
    reach = weights.astype(np.int64)[:, :, None] * np.array(INT8)
    scaling = shared_scaling(
        (in_fixed_point if fixed else in_double)(reals),
        reals,
        output.zero_point,
        bias + reach.min(axis=2).sum(axis=1),
        bias + reach.max(axis=2).sum(axis=1),
    )
    words = block_words(weights, bias, scaling)
    routines = {
        "widen": widen_split(),
        "dense": dense_routine(scaling.shift, turn_inputs(inputs), own=len(scaling.lows) > 1),
    }
    return [Variant(routines, 4 * len(words), lambda _: _call(op, words, inputs, outputs, routines))]


def block_words(weights: np.ndarray, bias: np.ndarray, scaling: SharedScaling) -> list[int]:
    """The constants of all blocks: biases, [in/2][pairs of channels] weights, multipliers, addends.

    Channels and inputs are filled up with zeros to whole blocks and turns.
    """
    outputs, inputs = weights.shape
    turn = turn_inputs(inputs)
    rows, columns = -(-outputs // OUTPUTS) * OUTPUTS, -(-inputs // turn) * turn
    padded = np.zeros((rows, columns), np.int8)
    padded[:outputs, :inputs] = weights
    halves = _packed(padded[:, split_order(columns)]).astype(np.int16).view(np.uint16).astype(np.uint32)
    pairs = halves[:, 0::2] | halves[:, 1::2] << np.uint32(16)  # (channel pairs, in / 2)
    biases = np.zeros(rows, np.int64)
    biases[:outputs] = bias
    multipliers, lows = (np.zeros(rows, np.int64) for _ in range(2))
    multipliers[:outputs] = scaling.multipliers
    lows[: len(scaling.lows)] = scaling.lows
    own = len(scaling.lows) > 1
    words: list[int] = []
    for block in range(0, rows, OUTPUTS):
        words += biases[block : block + OUTPUTS].tolist()
        words += pairs[block // 2 : (block + OUTPUTS) // 2].T.reshape(-1).tolist()
        words += [*multipliers[block : block + OUTPUTS].tolist(), scaling.high]
        words += lows[block : block + OUTPUTS].tolist() if own else lows[:1].tolist()
    return words


def _packed(weights: np.ndarray) -> np.ndarray:
    """(out, n) int8 -> (out / 2, n): an even channel's weight and 256 times the next one's; a last one alone."""
    wide = weights.astype(np.int32)
    if len(wide) % 2:
        wide = np.concatenate([wide, np.zeros_like(wide[:1])])
    result: np.ndarray = wide[0::2] + 256 * wide[1::2]
    return result


def _call(
    op: FullyConnected | Conv2D, words: list[int], inputs: int, outputs: int, routines: dict[str, Routine]
) -> FastCall:
    rows = op.inputs[0].size // inputs
    turn = turn_inputs(inputs)
    turns = -(-inputs // turn)
    steps = np.arange(rows, dtype=np.int64)
    return FastCall(
        op,
        "nn_fast_dense_s8",
        "nn_fast_dense_t",
        [
            ("rows", str(rows)),
            ("inputs", str(inputs)),
            ("outputs", str(outputs)),
            ("turns", str(turns)),
            ("block_words", str(len(words) // -(-outputs // OUTPUTS))),
            ("widen", "{widen}"),
            ("dense", "{dense}"),
            ("constants", "{constants}"),
            ("scratch", "{scratch}"),
        ],
        # All of a row is read before anything of its outputs is written.
        [Access(steps * inputs, (steps + 1) * outputs)],
        [word_constant(words, "[out/8]: biases, weights [in/2][4], multipliers, addends")],
        f"{inputs} to {outputs}",
        routines=routines,
        reads_weights_once=True,
        scratch=2 * turns * turn + SCRATCH_SLACK,
    )
