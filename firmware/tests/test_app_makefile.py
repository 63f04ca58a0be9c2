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
