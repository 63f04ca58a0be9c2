"""crosscam mlperf, coremark and cycles: their tables, exit statuses and errors."""

from __future__ import annotations

import json
from pathlib import Path

import bincopy
import pytest
from typer.testing import CliRunner

from scripts import coremark, mlperf
from scripts.main import app
from sim.errors import CrosscamError
from sim.mlperf import images_in
from sim.tests.firmware_bench import build, need, raw_image
from sim.tests.streaming_bench import CORE, build_streaming, loud_at, write_wave

CORE_HEADER = """
#include "core_portme.h"
typedef ee_u32 secs_ret;
void start_time(void);
void stop_time(void);
CORE_TICKS get_time(void);
secs_ret time_in_secs(CORE_TICKS ticks);
int main(void);
"""
CORE_MAIN = """
#include "coremark.h"
extern volatile ee_s32 seed3_volatile, seed4_volatile;
int main(void) {
    core_portable port;
    portable_init(&port, 0, 0);
    start_time();
    for (volatile ee_s32 i = 0; i < 1000 * seed4_volatile; i++) { }
    stop_time();
    ee_printf("Total ticks      : %lu\\n", (long unsigned)get_time());
    ee_printf("Total time (secs): %d\\n%s%%\\n", time_in_secs(get_time()), "all ");
    ee_printf("seedcrc          : 0x%04x\\n", 0xe9f5);
    ee_printf("[%d]crclist       : 0x%04x\\n", 0, 0xe714);
    ee_printf("[%d]crcmatrix     : 0x%04x\\n", 0, 0x1fd7);
    ee_printf("[%d]crcstate      : 0x%04x\\n", 0, CRC_STATE);
    portable_fini(&port);
    return 0;
}
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of published results, with the image of ours and a log of our own making."""
    root = tmp_path_factory.mktemp("published")
    elf = build("gcc", ("bench/dialogue/dialogue.c",), "bench/dialogue/dialogue.ld", root / "dialogue.elf")
    folder = root / "code" / "BOARD" / "kws"
    folder.mkdir(parents=True)
    raw_image(elf, folder / "own.bin", 0x08000000)
    data = bytes(200) + bytes([2]) * 290
    (root / "inputs").mkdir()
    (root / "inputs" / "first.bin").write_bytes(data)
    for kind, runs in (("performance", 100), ("accuracy", 1)):
        log = root / "results" / "BOARD" / "kws" / kind / "log.txt"
        log.parent.mkdir(parents=True)
        log.write_text(
            'parser: Command "bload dut "/x/first.bin""\n'
            f'parser: Command "dut infer {runs} 0"\ndut: m-lap-us-0\ndut: m-lap-us-{500 * runs}\n'
            f"dut: m-results-[{sum(data) / 1000:.3f}]\n"
        )
    return root


def test_mlperf_holds_images_against_their_logs(published: Path) -> None:
    table = published / "table.json"
    arguments = ["mlperf", str(published / "code"), "--timing", "instructions", "--json", str(table)]
    result = CliRunner().invoke(app, [*arguments, "--datasets", str(published / "inputs")])
    assert result.exit_code == 0, result.output
    assert "1 of 1 equal" in result.output and "1 images: mean error" in result.output
    (row,) = json.loads(table.read_text())["rows"]
    assert row["hardware"] == 500 * 216
    assert row["ratio"] == pytest.approx(row["cycles"] / row["hardware"])
    assert row["cycles"] == pytest.approx(4 * 50 * 490, rel=0.5)


def test_mlperf_fails_when_a_score_differs(published: Path) -> None:
    (published / "inputs" / "first.bin").write_bytes(bytes(490))
    arguments = ["mlperf", str(published / "code"), "--timing", "instructions", "--datasets", str(published / "inputs")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1 and "0 of 1 equal" in result.output


def test_mlperf_takes_one_image(published: Path) -> None:
    image = next((published / "code").rglob("*.bin"))
    result = CliRunner().invoke(app, ["mlperf", str(image), "--timing", "instructions"])
    assert result.exit_code == 0 and "1 images: mean error" in result.output


def test_mlperf_takes_images_that_say_where_they_go(published: Path, tmp_path: Path) -> None:
    raw = next((published / "code").rglob("*.bin"))
    for kind in ("elf", "hex"):
        folder = tmp_path / kind
        folder.mkdir()
        image = folder / f"own.{kind}"
        if kind == "elf":
            image.write_bytes((published / "dialogue.elf").read_bytes())
        else:
            image.write_text(as_hex(raw.read_bytes(), 0x08000000))
        result = CliRunner().invoke(app, ["mlperf", str(folder), "--timing", "instructions"])
        assert result.exit_code == 0 and f"own.{kind}" in result.output, result.output


def as_hex(data: bytes, address: int) -> str:
    file = bincopy.BinFile()
    file.add_binary(data, address)
    return str(file.as_ihex())


def test_an_image_there_as_several_kinds_counts_once(tmp_path: Path) -> None:
    for name in ("a.bin", "a.elf", "b.hex", "b.ELF", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in images_in(tmp_path)] == ["a.bin", "b.hex"]


def test_mlperf_wants_images(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["mlperf", str(tmp_path)])
    assert isinstance(result.exception, CrosscamError) and "no images" in str(result.exception)


def test_made_up_inputs_have_the_benchmarks_lengths_and_never_change() -> None:
    for model, size in mlperf.INPUT_BYTES.items():
        assert len(mlperf.sample_input(model)) == size
        assert mlperf.sample_input(model) == mlperf.sample_input(model)


def _core(folder: Path, state: str = "0x8e3a") -> Path:
    """A program of ours with CoreMark's file names and the lines the script looks for."""
    need("gcc")
    for name in coremark.SOURCES:
        (folder / name).write_text("typedef int nothing;\n")
    (folder / "coremark.h").write_text(CORE_HEADER)
    (folder / "core_main.c").write_text(CORE_MAIN.replace("CRC_STATE", state))
    return folder


@pytest.mark.parametrize("memory", ["tcm", "flash", "flash_axi"])
def test_coremark_builds_boots_and_counts(memory: str, tmp_path: Path) -> None:
    core = _core(tmp_path)
    elfs = tmp_path / "elf"
    arguments = ["coremark", str(core), "--memory", memory, "--iterations", "2", "--timing", "instructions"]
    result = CliRunner().invoke(app, [*arguments, "--keep", str(elfs)])
    assert result.exit_code == 0, result.exception
    variant = coremark.Variant("", memory, "both", ("-O2",))
    found = coremark.run(elfs / f"coremark_{memory}_both.elf", variant, "instructions", 2)
    assert 4000 < found.cycles < 12000  # a thousand rounds with a volatile counter
    assert found.per_megahertz == pytest.approx(1e6 / found.cycles)


def test_coremark_refuses_wrong_sums_and_wrong_folders(tmp_path: Path) -> None:
    core = _core(tmp_path, "0x1234")
    variant = coremark.Variant("", "tcm", "both", ("-O2",))
    elf = coremark.build(core, variant, 1, tmp_path)
    with pytest.raises(CrosscamError, match=r"crcstate is 1234, expected 0x8e3a"):
        coremark.run(elf, variant, "instructions", 1)
    with pytest.raises(CrosscamError, match="unknown placement 'moon'"):
        coremark.build(core, coremark.Variant("", "moon", "both", ()), 1, tmp_path)
    with pytest.raises(CrosscamError, match="unknown cache setting"):
        coremark.build(core, coremark.Variant("", "tcm", "half", ()), 1, tmp_path)
    (core / "core_state.c").write_text("#error broken\n")
    with pytest.raises(CrosscamError, match=r"failed: .*error: #error broken"):
        coremark.build(core, variant, 1, tmp_path)
    with pytest.raises(CrosscamError, match=r"no core_list_join\.c"):
        coremark.build(tmp_path / "elsewhere", variant, 1, tmp_path)


def test_cycles_prints_a_table_a_function_and_a_drawing(published: Path) -> None:
    image = published / "code" / "BOARD" / "kws" / "own.bin"
    board = Path(__file__).parents[2] / "sim" / "board" / "stm32f746.resc"
    drawing, table = published / "c.svg", published / "c.json"
    arguments = ["cycles", str(image), "--board", str(board), "--seconds", "0.01"]
    result = CliRunner().invoke(app, [*arguments, "--svg", str(drawing), "--json", str(table)])
    assert result.exit_code == 0, result.exception
    assert "STM32F746" in result.output and "0x0800" in result.output
    assert drawing.read_text().startswith("<svg")
    rows = json.loads(table.read_text())["functions"]
    name = rows[0]["name"]
    assert sum(rows[0]["cycles"].values()) > 100_000  # it never leaves the 16 MHz oscillator
    result = CliRunner().invoke(app, [*arguments, "--function", name])
    assert result.exit_code == 0 and "runs" in result.output and "ldr" in result.output


def test_cycles_wants_a_firmware(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["cycles", str(tmp_path / "none.elf"), "--board", "x.resc"])
    assert isinstance(result.exception, CrosscamError) and "no firmware at" in str(result.exception)


def test_mlperf_judges_a_listening_image_by_the_benchmarks_list(tmp_path: Path) -> None:
    image = build_streaming("gcc", tmp_path)
    sound = write_wave(tmp_path / "a.wav", loud_at(6, 2, 12))
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps([{"wav_file": "a.wav", "detection_windows": [[0.15, 0.3], [100, 101]]}]))
    table = tmp_path / "table.json"
    arguments = ["mlperf", str(image), "--board", str(image.parent / "board.resc"), "--sound", str(sound)]
    result = CliRunner().invoke(app, [*arguments, "--truth", str(truth), "--json", str(table)])
    assert result.exit_code == 0, result.output
    (row,) = json.loads(table.read_text())["rows"]
    assert row["judged"] == [1, 1, 0] and row["stamps"] == "pins" and row["model"] == "sww01"
    assert row["cycles"] == pytest.approx(row["streamed"]["processing"] * CORE)
