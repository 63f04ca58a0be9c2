"""Kernel choice: from graph nodes to calls of firmware/nn."""

from __future__ import annotations

from model.compiler.kernels.base import Access, Constant, KernelCall
from model.compiler.kernels.registry import ARITHMETICS, choose_kernels

__all__ = ["ARITHMETICS", "Access", "Constant", "KernelCall", "choose_kernels"]
