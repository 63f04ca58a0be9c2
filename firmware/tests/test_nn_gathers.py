"""Kernels against the reference: values by number."""

from __future__ import annotations

from firmware.tests.kernel_cases import kernel_test
from model.compiler.tests.cases_gathers import KINDS

test_matches_reference = kernel_test(KINDS)
