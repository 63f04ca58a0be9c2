"""Kernels against the reference: truth values; the six comparisons apart in ``make test-all`` only."""

from __future__ import annotations

from firmware.tests.kernel_cases import CASES, kernel_test
from model.compiler.tests.cases_logic import EACH, KINDS

test_matches_reference = kernel_test(EACH if CASES >= 1000 else KINDS)
