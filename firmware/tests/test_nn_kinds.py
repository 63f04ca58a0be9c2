"""Networks of the kinds that published figures are of: outputs equal the reference's, cycles stay below their bars.

Two small ones by default; all six in ``make test-all`` (``CROSSCAM_CASES`` of 1,000).
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("tensorflow")

from firmware.tests.kernel_cases import CASES
from model.compiler.compile import Options
from model.deployment.kinds import int8_kind, write_kinds
from model.errors import CrosscamError
from scripts.bench_model import bench
from sim.bench.toolchains import installed as toolchains

CYCLES_PER_MAC = {
    "autoencoder_640": 1.10,
    "ds_cnn_49x10": 1.00,
    "efficientnet_lite0_112": 0.85,
    "mobilenet_v1_025_96": 0.75,
    "mobilenet_v2_035_160": 0.90,
    "resnet_8_32": 0.75,
}
_SMALL = ("autoencoder_640", "ds_cnn_49x10")
_ALL = CASES >= 1000


@pytest.mark.skipif(not toolchains(), reason="no toolchain for ARM is installed")
@pytest.mark.parametrize("name", CYCLES_PER_MAC if _ALL else _SMALL)
def test_a_kind_keeps_its_bar(name: str, tmp_path: Path) -> None:
    (path,) = write_kinds(tmp_path, [name])
    row = bench(path, Options(optimize="speed"), None)
    print(f"{name}: {row.cycles:,} cycles, {row.cycles_per_mac:.3f} a MAC")
    assert row.equal
    assert row.cycles_per_mac is not None and 0.5 < row.cycles_per_mac <= CYCLES_PER_MAC[name]


def test_a_kind_is_the_same_every_time() -> None:
    assert int8_kind("autoencoder_640") == int8_kind("autoencoder_640")


def test_an_unknown_kind_is_one_line() -> None:
    with pytest.raises(CrosscamError, match="no network kind 'lenet': expected one of mobilenet_v1_025_96, "):
        int8_kind("lenet")
