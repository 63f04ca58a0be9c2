"""Takes the conversions at a model's edges off, so that inputs and outputs are int8, for callers that speak int8.

Exact for the part that is left. A camera's pixels less 128 are what QUANTIZE makes of them in uint8, too.
"""

from __future__ import annotations

from model.compiler.ir import Dequantize, Graph, Op, Quantize, Table, Tensor


def cut_edges(graph: Graph) -> bool:
    """Drop QUANTIZE of inputs to int8 and QUANTIZE or DEQUANTIZE of int8 to outputs, where nothing else reads them."""
    before = len(graph.ops)
    graph.inputs = [_after(graph, tensor) for tensor in graph.inputs]
    graph.outputs = [_before(graph, tensor) for tensor in graph.outputs]
    return len(graph.ops) != before


def _converts(op: Op) -> bool:
    return isinstance(op, Quantize | Dequantize) or (isinstance(op, Table) and op.kind == "QUANTIZE")


def _after(graph: Graph, tensor: Tensor) -> Tensor:
    """What a conversion makes of an input, if that is all that is read of it."""
    readers = list(graph.consumers(tensor))
    if len(readers) != 1 or not _converts(readers[0]) or readers[0].output.dtype != "int8" or tensor in graph.outputs:
        return tensor
    graph.ops.remove(readers[0])
    return readers[0].output


def _before(graph: Graph, tensor: Tensor) -> Tensor:
    """What an output is converted from."""
    makers = [op for op in graph.ops if op.output is tensor]
    if len(makers) != 1 or not _converts(makers[0]) or makers[0].inputs[0].dtype != "int8":
        return tensor
    if not list(graph.consumers(tensor)):
        graph.ops.remove(makers[0])
    return makers[0].inputs[0]
