"""What a stranger's names become in C: text on its line, never code."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from model.compiler.compile import build
from model.compiler.emit import c_comment, c_string, emit
from model.compiler.tests.host import test_card as card_of
from model.compiler.tests.test_errors import tiny

FIRMWARE = Path(__file__).parents[3] / "firmware"
HOSTILE = [
    "a */ int injected = 1; /*",
    "**//* x",
    "line\nint injected = 1;",
    "\r#error",
    "\u2028int injected;",
    "\\",
    "??/",
    "\0",
    "\ud800",
    '"; int injected = 1; //',
    "/*/*",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_comment_neither_ends_nor_leaves_its_line(text: str) -> None:
    shown = c_comment(text)
    assert "*/" not in shown and "/*" not in shown and shown.isprintable()
    assert c_string(text).isascii() and c_string(text).isprintable()


def test_names_of_a_model_and_its_card_inject_nothing(tmp_path: Path) -> None:
    """Every text of card and model is hostile, also in a card that was never read from a file."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    program = build(tmp_path / "tiny.tflite", tiny())
    for number, text in enumerate(HOSTILE):
        for op in program.graph.ops:
            op.output.name = text
        card = replace(card_of(program, "x"), id=text, sha256=text, file=f"{text}.tflite", labels=(text, "b"))
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in emit(program.graph, program.calls, program.plan, card).items():
            (folder / name).write_text(content, encoding="utf-8")
        assert "injected = 1;" not in _without_comments_and_strings(compiler, folder / "model.c", folder)


def _without_comments_and_strings(compiler: str, source: Path, folder: Path) -> str:
    command = [compiler, "-E", "-P", f"-I{FIRMWARE}", f"-I{folder}", str(source)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    compiled = [compiler, "-fsyntax-only", "-Wno-error", f"-I{FIRMWARE}", f"-I{folder}", str(source)]
    subprocess.run(compiled, check=True, capture_output=True)
    return "".join(text.split('"')[::2])


@pytest.mark.parametrize(("labels", "shown"), [(2, 0), (3, 0), (4, 3)])
def test_a_line_leaves_out_labels_or_has_all_in_their_order(tmp_path: Path, labels: int, shown: int) -> None:
    """All of them, the highest first, could not be told from all in their order: few are in order, however long."""
    program = build(tmp_path / "tiny.tflite", tiny())
    names = tuple(str(number) + 60 * "\u6f22" for number in range(labels))
    card = replace(card_of(program, "x"), labels=names)
    config = emit(program.graph, program.calls, program.plan, card)["model_config.h"]
    assert f"#define NN_SCORES_SHOWN   {shown} " in config
    longest = max(int(found) for found in re.findall(r"LINE_MAX\s+(\d+)", config))
    assert longest > (shown or labels) * len(names[0].encode())
