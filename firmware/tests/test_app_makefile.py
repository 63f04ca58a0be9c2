"""Bad input to the firmware's Makefile: one clear line and make's status 2."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(build: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "-C", str(FIRMWARE), f"BUILD={build}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_an_unknown_toolchain_is_named(tmp_path: Path) -> None:
    result = make(tmp_path, "TOOLCHAIN=iar")
    assert result.returncode == 2
    assert "TOOLCHAIN=iar is unknown: expected gcc or zig" in result.stderr


def test_a_missing_zig_is_named_with_what_to_do(tmp_path: Path) -> None:
    without_zig = tmp_path / "python"
    without_zig.write_text(f'#!/bin/sh\ncase "$*" in *ziglang*) exit 1;; esac\nexec {sys.executable} "$@"\n')
    without_zig.chmod(0o755)
    result = make(tmp_path / "build", "TOOLCHAIN=zig", f"PYTHON={without_zig}")
    assert result.returncode == 2
    assert "has no ziglang: pip install ziglang, or use TOOLCHAIN=gcc" in result.stderr
    assert not list((tmp_path / "build").glob("**/*.o"))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    result = make(tmp_path / "build", f"MODEL_DIR={tmp_path}/nowhere", f"PYTHON={sys.executable}")
    assert result.returncode == 2
    assert f"no model in {tmp_path}/nowhere: expected card.toml" in result.stderr


@pytest.fixture(scope="module")
def odd_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the firmware is built from, in a folder whose name make and shells would take apart."""
    checkout = tmp_path_factory.mktemp("odd") / "it's a #1 (ürm) & co"
    root = FIRMWARE.parent
    ignored = shutil.ignore_patterns("generated", "tests", "bench", "zoo", "__pycache__")
    shutil.copytree(FIRMWARE, checkout / "firmware", ignore=ignored)
    shutil.copytree(root / "model", checkout / "model", ignore=ignored)
    shutil.copytree(root / "model" / "zoo", checkout / "my models" / "zoo")
    shutil.copy(root / "pyproject.toml", checkout)
    return checkout


def build_in(checkout: Path) -> subprocess.CompletedProcess[str]:
    model = next((checkout / "my models" / "zoo").iterdir())
    options = [f"PYTHON={sys.executable}", "OPTIMIZE=-O1", f"MODEL_DIR=../my models/zoo/{model.name}", "BUILD=../build"]
    command = ["make", "-j2", "--no-print-directory", "-C", str(checkout / "firmware"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_a_checkout_may_lie_anywhere(odd_checkout: Path) -> None:
    result = build_in(odd_checkout)
    assert result.returncode == 0, result.stderr
    assert (odd_checkout / "build" / "crosscam.elf").read_bytes()[:4] == b"\x7fELF"
    assert not list((odd_checkout / "build").rglob("*.part"))
    again = build_in(odd_checkout)
    assert "CC" not in again.stdout and "NN" not in again.stdout, again.stdout


def test_what_a_killed_build_left_does_not_stop_the_next(odd_checkout: Path) -> None:
    """Halves beside the objects are written over; a half under an object's name costs one failed link."""
    assert build_in(odd_checkout).returncode == 0
    build = odd_checkout / "build"
    elf = (build / "crosscam.elf").read_bytes()
    whole = (build / "app" / "main.o").read_bytes()
    (build / "app" / "main.o").unlink()
    (build / "app" / "main.o.part").write_bytes(whole[:100])
    (build / "app" / "main.d.part").write_text("../build/app/main.o: app/ma")
    (build / "crosscam.elf.part").write_bytes(elf[:1000])
    assert build_in(odd_checkout).returncode == 0
    assert not list(build.rglob("*.part"))
    (build / "app" / "main.o").write_bytes(whole[:100])
    failed = build_in(odd_checkout)
    assert failed.returncode == 2 and "its objects are removed, the next make compiles anew" in failed.stderr
    assert build_in(odd_checkout).returncode == 0
    assert (build / "crosscam.elf").read_bytes() == elf
