"""What the application says for each command: commands, reports, self-test and information on a fake network."""

from __future__ import annotations

import ctypes
import shutil
from pathlib import Path

import pytest
from app_host import BUS_NO_ANSWER, DATA_END, FRAME_END, OVERRUN, FakeHal, build

SOURCES = [
    *(f"app/{name}.c" for name in ("camera_errors", "commands", "display_off", "frames", "inference", "info")),
    *(f"app/{name}.c" for name in ("integrity", "picture", "preprocess")),
    *(f"app/{name}.c" for name in ("arguments", "dump", "feed", "report", "rows", "self_test", "vision")),
    *("drivers/camera.c", "drivers/console.c", "drivers/ov7670.c"),
    *("lib/base64.c", "lib/crc32.c", "lib/errors.c", "lib/text.c"),
    *("tests/fake_hal.c", "tests/fake_network.c"),
]


NO_CAMERA = "E: CAM_NACK no answer from camera (address 0x21)"


class Application:
    """Everything above the hal but main(): type a command, see what it answers."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.hal = FakeHal(library)
        self.hal.bus = self._sensor
        self.registers = {0x0A: 0x76, 0x0B: 0x73}
        self._selected = 0
        self._frames = 0
        library.console_init()
        assert library.integrity_check_all()
        library.vision_init()

    def _sensor(self, address: int, data: bytes | int) -> tuple[int, bytes]:
        if isinstance(data, int):
            return 0, bytes([self.registers.get(self._selected, 0)])
        self._selected = data[0]
        self.registers.update({data[0]: data[1]} if len(data) == 2 else {})
        return 0, b""

    def command(self, text: str) -> list[str]:
        for key in text.encode() + b"\r":
            self.library.console_isr_received(key)
        self.library.commands_step()
        echo, *answer = self.screen()
        assert echo == text[:31]
        return answer

    def screen(self) -> list[str]:
        lines = bytes(self.hal.sent).decode().split("\r\n")
        self.hal.sent.clear()
        assert lines.pop() == ""
        return lines

    def frame(self) -> list[str]:
        """The next frame arrives; what is said about it."""
        self.library.vision_step()
        self.deliver()
        self.library.vision_step()
        return self.screen()

    def deliver(self, picture: bytes = b"") -> None:
        """The capture under way is over: ``picture`` lies in its buffer; by default one of a scene."""
        self._frames += 1
        buffer = next(call[1] for call in reversed(self.hal.calls) if call[0] == "start")
        shades = b"".join(bytes([(self._frames + line) & 0x1F, 4]) * 320 for line in range(240))
        ctypes.memmove(ctypes.c_void_p(int(str(buffer))), picture or shades, 153600)
        self.hal.events = FRAME_END | DATA_END


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    build(folder, SOURCES, '-DCROSSCAM_VERSION="1.2.3"')
    return folder / "under_test.so"


@pytest.fixture
def app(binary: Path, tmp_path: Path) -> Application:
    """Freshly booted: a copy of the library, since the loader gives the same variables to the same file."""
    return Application(ctypes.CDLL(str(shutil.copy(binary, tmp_path))))


def test_help_lists_every_command(app: Application) -> None:
    assert [line[0] for line in app.command("h")] == list("hispdufrx")


@pytest.mark.parametrize("text", ["y", "hh", "H", "h ", "0"])
def test_anything_else_is_one_error_line(app: Application, text: str) -> None:
    assert app.command(text) == [f"E: CMD_UNKNOWN no such command; h lists them ({text})"]


def test_too_long_input_is_one_error_line(app: Application) -> None:
    assert app.command("z" * 200) == ["E: CMD_UNKNOWN no such command; h lists them (input too long or lost)"]


def test_info(app: Application) -> None:
    assert app.command("i") == [
        "crosscam 1.2.3: Two layers that say what they are told on an STM32H743",
        "model: fake_net 01234567, input 4x2x3, 2 layers, 1500 MAC, arena 64 and weights 128 bytes",
        "clock: core 480 MHz, bus 240 MHz; last reset: power-on",
        "memory: flash 1000/2000, RAM 30/400 bytes",
        "display: none",
        "stack: 512/1024 bytes at its deepest",
        "frames: 0 taken, 0 lost",
    ]


def test_self_test_passes(app: Application) -> None:
    assert app.command("s") == ["self-test: ok (car: +127, neg: -128, person:  +12; 1000 cycles)"]


def test_self_test_fails_aloud(app: Application) -> None:
    app.library.fake_network_fail(True)
    assert app.command("s") == [
        "self-test: FAILED (car: +126, neg: -128, person:  +12; 1000 cycles)",
        "E: SELF_TEST network differs from its reference (expected car: +127, neg: -128, person:  +12)",
    ]


def test_profile(app: Application) -> None:
    assert app.command("p") == [
        "layer  0 first                    CONV_2D                 1000 MAC       1000 cycles",
        "layer  1 second                   LOGISTIC                 500 MAC       1000 cycles",
        "camera path 1000 cycles",
        "total 1500 MAC, 3000 cycles, 0 ms",
    ]


def test_prediction_line_is_the_original_ones(app: Application) -> None:
    assert app.command("r")[-1] == "running"
    assert app.frame() == ["car: +127, neg: -128, person:  +12 | Duration: 0 ms | Cycles: 1000 | Frame: 1"]


def test_more_scores_than_a_line_holds(tmp_path: Path) -> None:
    build(tmp_path, SOURCES, '-DCROSSCAM_VERSION="1.2.3"', "-DNN_SCORES_SHOWN=2")
    app = Application(ctypes.CDLL(str(tmp_path / "under_test.so")))
    assert [line[0] for line in app.command("h")] == list("hispadufrx")
    app.command("r")
    assert app.frame() == ["car: +127, person:  +12 | Duration: 0 ms | Cycles: 1000 | Frame: 1"]
    assert app.command("a") == ["scores from 0 of 3 | car: +127, neg: -128, person:  +12"]


@pytest.mark.parametrize(
    ("label", "zone"), [(0, "trusted"), (2, "neutral"), (1, "none")], ids=["highest", "just reached", "below all"]
)
def test_a_graded_network_tells_grade_and_zone(tmp_path: Path, label: int, zone: str) -> None:
    options = ["-DNN_GRADES=2", "-DNN_FIRST_GRADE=1", "-DNN_ZONES=2", f"-DNN_ZONE_LABEL={label}"]
    build(tmp_path, [*SOURCES, "app/verdict.c"], '-DCROSSCAM_VERSION="1.2.3"', *options)
    app = Application(ctypes.CDLL(str(tmp_path / "under_test.so")))
    app.command("r")
    assert app.frame() == [
        f"car: +127, neg: -128, person:  +12 | Grade: person | Zone: {zone} | Duration: 0 ms | Cycles: 1000 | Frame: 1"
    ]


def test_run_goes_on_until_stopped(app: Application) -> None:
    app.command("r")
    assert [line[-8:] for line in app.frame() + app.frame()] == ["Frame: 1", "Frame: 2"]
    assert app.command("x") == ["stopped"]
    app.hal.calls.clear()
    app.library.vision_step()
    assert app.hal.calls == []


def test_the_next_frame_is_captured_while_the_network_runs(app: Application) -> None:
    app.command("r")
    app.library.vision_step()
    app.deliver()
    app.hal.calls.clear()
    app.library.vision_step()
    names = ["invalidate", "invalidate", "start", "cycles", "cycles", "write", "read"]
    assert list(app.hal.names()) == names, "a register of the sensor is read back last"
    done, _, started, *_ = app.hal.calls
    assert started[1] != done[1], "into the other buffer"


def test_single_frame(app: Application) -> None:
    app.command("f")
    assert app.frame()[0].endswith("Frame: 1")
    app.hal.calls.clear()
    app.library.vision_step()
    assert app.hal.calls == []


def test_no_camera(app: Application) -> None:
    app.hal.bus = lambda address, data: (BUS_NO_ANSWER, b"")
    assert app.command("r") == [NO_CAMERA]
    assert app.command("f") == [NO_CAMERA]


def test_a_camera_plugged_in_later_is_found(app: Application) -> None:
    sensor, app.hal.bus = app.hal.bus, lambda address, data: (BUS_NO_ANSWER, b"")
    app.command("r")
    app.hal.bus = sensor
    assert app.command("r") == ["camera: OV7670 at 0x21, 320x240 RGB565", "running"]


def test_capture_goes_on_after_a_time_out(app: Application) -> None:
    app.command("r")
    app.library.vision_step()
    app.hal.now += 501
    app.hal.missing = 153600
    app.library.vision_step()
    assert app.screen() == [
        "E: CAM_TIMEOUT no frame from camera in time (after frame 0, 153600 bytes missing, 1 lost so far)"
    ]
    assert app.frame()[0].endswith("Frame: 1")


def test_lost_pixels_are_told(app: Application) -> None:
    app.command("r")
    app.library.vision_step()
    app.hal.events, app.hal.missing = OVERRUN, 64
    app.library.vision_step()
    assert app.screen() == ["E: DCMI_OVR camera port lost pixels (after frame 0, 64 bytes missing, 1 lost so far)"]


def test_the_third_failure_in_a_row_sets_the_sensor_up_anew(app: Application) -> None:
    app.command("r")
    for failure in (1, 2, 3):
        app.library.vision_step()
        app.hal.events = OVERRUN
        app.hal.calls.clear()
        app.library.vision_step()
        assert ("power_down" in app.hal.names()) == (failure == 3)
    assert app.screen()[-1] == "camera: OV7670 at 0x21, 320x240 RGB565"


def test_a_sensor_that_is_gone_is_looked_for_ever_more_rarely(app: Application) -> None:
    app.command("r")
    sensor, app.hal.bus = app.hal.bus, lambda address, data: (BUS_NO_ANSWER, b"")
    app.hal.missing = 153600
    for _ in range(3):
        app.library.vision_step()
        app.hal.now += 501
        app.library.vision_step()
    assert app.screen()[-1] == NO_CAMERA
    for pause in (1, 2, 4, 8, 16, 32, 32):
        app.hal.now += 1000 * pause - 1
        app.library.vision_step()
        assert app.screen() == [], "still waiting"
        app.hal.now += 1
        app.library.vision_step()
        assert app.screen() == [NO_CAMERA]
    app.hal.bus = sensor
    app.hal.now += 32000
    app.library.vision_step()
    assert app.screen() == ["camera: OV7670 at 0x21, 320x240 RGB565"]
    assert app.frame()[0].endswith("Frame: 1")


def test_a_stopped_board_does_not_look_for_its_sensor(app: Application) -> None:
    app.hal.bus = lambda address, data: (BUS_NO_ANSWER, b"")
    app.command("r")
    app.command("x")
    app.hal.now += 100_000
    app.library.vision_step()
    assert app.screen() == []


def test_a_setting_the_sensor_lost_while_running_is_found_within_ten_frames(app: Application) -> None:
    app.command("r")
    app.frame()
    app.registers[0x0C] ^= 0x40  # COM3: the byte order
    said = [line for _ in range(10) for line in app.frame()]
    assert "E: CAM_REGISTER camera lost a setting (register 0x0C is 0x04, expected 0x44)" in said
    assert app.registers[0x0C] == 0x44, "set up anew"


def test_an_odd_picture_is_told_once(app: Application) -> None:
    def shown(picture: bytes) -> list[str]:
        app.library.vision_step()
        app.deliver(picture)
        app.library.vision_step()
        return [line for line in app.screen() if line.startswith("E: ")]

    app.command("r")
    assert shown(b"") == []
    assert shown(bytes(153600)) == ["E: CAM_BLACK picture is black (frame 2)"]
    assert shown(bytes(153600)) == []
    assert shown(b"\xff" * 153600) == ["E: CAM_WHITE picture is white (frame 4)"]
    assert shown(b"") == []


def test_a_damaged_image_takes_no_pictures(app: Application) -> None:
    app.command("r")
    app.frame()
    app.library.fake_network_fail(True)
    said = app.frame()
    assert (
        said[-1] == "E: IMAGE_CRC program or weights differ from what was linked (CRC 0xCBF43926, expected 0xCBF43925)"
    )
    assert app.command("r") == [] and app.command("f") == []
    app.library.vision_step()
    assert app.screen() == []
