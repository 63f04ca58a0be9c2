"""Kernels against the reference: truth values."""

from __future__ import annotations

from firmware.tests.kernel_cases import kernel_test
from model.compiler.tests.cases_logic import KINDS

test_matches_reference = kernel_test(KINDS)
