"""Kernels against the reference: models that keep something from run to run."""

from __future__ import annotations

from firmware.tests.kernel_cases import kernel_test
from model.compiler.tests.cases_states import KINDS

test_matches_reference = kernel_test(KINDS)
