"""Which kernel runs which operator: one entry an operator; the choice by shape is the entry's own."""

from __future__ import annotations

from typing import Any

from model.compiler import ir
from model.compiler.kernels import weighted, weightless
from model.compiler.kernels.base import KernelCall

_CHOICES: dict[type[ir.Op], Any] = {
    ir.Add: weightless.add,
    ir.AveragePool2D: weightless.average_pool_2d,
    ir.Conv2D: weighted.conv2d,
    ir.DepthwiseConv2D: weighted.depthwise_conv2d,
    ir.FullyConnected: weighted.fully_connected,
    ir.Logistic: weightless.logistic,
    ir.Mean: weightless.mean,
    ir.Pad: weightless.pad,
    ir.Softmax: weightless.softmax,
}


def choose_kernel(op: ir.Op) -> KernelCall:
    """The kernel call for ``op``."""
    call: KernelCall = _CHOICES[type(op)](op)
    return call
