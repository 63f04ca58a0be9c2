"""Every micro-kernel of firmware/bench/timing keeps to its rule."""

from __future__ import annotations

import pytest

from sim.bench.timing_kernels import Outcome, load_kernels, measure
from sim.errors import CrosscamError

KERNELS = load_kernels()


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    try:
        return {outcome.kernel.name: outcome for outcome in measure(KERNELS)}
    except CrosscamError as error:
        if "No module named ziglang" in str(error):
            pytest.skip("no assembler for the Cortex-M7 here")
        raise


@pytest.mark.parametrize("name", [kernel.name for kernel in KERNELS])
def test_kernel_keeps_to_its_rule(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    assert outcome.cycles == pytest.approx(outcome.kernel.cycles, abs=0.1), outcome.kernel.rule


def test_names_are_unique() -> None:
    assert len({kernel.name for kernel in KERNELS}) == len(KERNELS)
