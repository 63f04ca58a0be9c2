"""Kernel choice: from graph nodes to calls of firmware/nn."""

from __future__ import annotations

from model.compiler.kernels.base import Access, Constant, KernelCall
from model.compiler.kernels.registry import choose_kernel

__all__ = ["Access", "Constant", "KernelCall", "choose_kernel"]
