"""Kernels against the reference: float32 between int8, and conversions."""

from __future__ import annotations

from firmware.tests.kernel_cases import kernel_test
from model.compiler.tests.cases_floats import KINDS

test_matches_reference = kernel_test(KINDS)
