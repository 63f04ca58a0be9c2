"""The live page's server: who is let in, what is told, what orders do; on a real board where that is meant."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from sim.boot import Board
from sim.console import Prediction
from sim.frames.folder import Shot, write_folder
from sim.lcd import Picture, picture_of_png, shown
from sim.report.page import picture_of
from sim.view.server import FILES, LONGEST_ORDER, PAGE, PICTURE_BYTES, Audience, application, is_called_right
from sim.view.stage import DROPPED, Stage
from sim.vision_display import VisionDisplay

LOOPBACK, LIVE = "http://127.0.0.1:8137", "ws://127.0.0.1:8137/live"


class Idle:
    """A stage on which nothing happens; it notes orders."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []
        self.open = True

    def order(self, order: dict[str, Any]) -> bool:
        self.orders.append(order)
        return self.open

    def past(self) -> list[dict[str, Any]]:
        return [{"type": "uart", "text": "<b>before</b>"}]


@pytest.fixture
def idle() -> tuple[Idle, TestClient, Audience]:
    stage, audience = Idle(), Audience()
    return stage, TestClient(application(stage, audience), base_url=LOOPBACK), audience  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "origin", "right"),
    [
        ("127.0.0.1:8137", None, True),
        ("localhost:8137", "http://localhost:8137", True),
        ("[::1]:8137", "http://[::1]:8137", True),
        ("evil.example:8137", None, False),
        ("127.0.0.1.evil.example", None, False),
        ("127.0.0.1:8137", "http://evil.example", False),
        ("127.0.0.1:8137", "http://127.0.0.1:9999", False),
        ("127.0.0.1:8137", "https://127.0.0.1:8137", False),
        ("127.0.0.1:8137", "null", False),
        ("", None, False),
        ("[", None, False),
    ],
)
def test_who_is_let_in(host: str, origin: str | None, right: bool) -> None:
    assert is_called_right(host, origin, ("127.0.0.1", "localhost", "::1")) == right


def test_the_page_is_served_and_loads_nothing_from_elsewhere(idle: tuple[Idle, TestClient, Audience]) -> None:
    _, client, _ = idle
    for path, name in FILES.items():
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.content == (PAGE / name).read_bytes()
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        text = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text and "innerHTML" not in text
    assert client.get("/../server.py").status_code == 404
    assert client.get("/%2e%2e/server.py").status_code == 404
    assert client.get("/", headers={"host": "evil.example"}).status_code == 403
    assert client.get("/", headers={"origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
def test_the_socket_is_not_for_other_pages(idle: tuple[Idle, TestClient, Audience], headers: dict[str, str]) -> None:
    stage, client, _ = idle
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(LIVE, headers=headers) as socket:
        socket.send_text('{"do": "reset"}')
        socket.receive_text()
    assert stage.orders == []


def test_orders_come_through_and_what_is_none_does_not(idle: tuple[Idle, TestClient, Audience]) -> None:
    stage, client, audience = idle
    with client.websocket_connect(LIVE) as socket:
        assert json.loads(socket.receive_text())["text"] == "<b>before</b>"
        socket.send_text("no json")
        socket.send_text("[1]")
        socket.send_text(" " * LONGEST_ORDER + '{"do": "reset"}')
        socket.send_bytes(b"short")
        socket.send_text('{"do": "type", "text": "h", "pixels": "x"}')
        socket.send_bytes(bytes(PICTURE_BYTES))
        deadline = time.monotonic() + 10
        while len(stage.orders) < 2 and time.monotonic() < deadline:
            time.sleep(0.005)
        stage.open = False
        socket.send_text('{"do": "run"}')
        while (event := json.loads(socket.receive_text()))["type"] != "trouble":
            pass
        assert "too many orders" in event["text"]
        audience.tell({"type": "uart", "text": "later"})
        assert json.loads(socket.receive_text())["text"] == "later"
    assert stage.orders[:2] == [{"do": "type", "text": "h"}, {"do": "picture", "pixels": bytes(PICTURE_BYTES)}]


class Viewer:
    """A stage with a real board, and what it tells."""

    def __init__(self, elf: Path, folder: Path) -> None:
        sets = {}
        for name, value in (("dark", 0x0841), ("light", 0xFFDF)):
            shot = Shot(np.full((240, 320), value, np.uint16), f"{name} photograph", (), "")
            sets[name] = write_folder(folder / name, name, [shot]).path
        self.events: list[dict[str, Any]] = []
        self.stage = Stage(lambda: Board(elf, sets["dark"], "instructions"), sets, folder, self.events.append)
        self.elf = elf
        self._seen = 0
        self.stage.start()

    def wait(self, kind: str, **values: object) -> dict[str, Any]:
        """The next event of that kind with these values."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            while self._seen < len(self.events):
                event = self.events[self._seen]
                self._seen += 1
                if event["type"] == kind and all(event[key] == value for key, value in values.items()):
                    return event
            time.sleep(0.005)
        raise AssertionError(f"no {kind} {values} came; the last: {self.events[-3:]}")

    def order(self, do: str, **values: object) -> None:
        assert self.stage.order({"do": do, **values})


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    root = Path(__file__).parents[2] / "build"
    elf = next((path for name in ("gcc", "zig") if (path := root / name / "crosscam.elf").is_file()), None)
    if elf is None:
        pytest.skip("no firmware; `make firmware` makes one")
    made = Viewer(elf, tmp_path_factory.mktemp("view"))
    yield made
    made.stage.close()


def test_what_is_shown_is_what_the_uart_says(viewer: Viewer) -> None:
    frame = viewer.wait("frame")
    lines = [Prediction.parse(event["text"]) for event in viewer.events if event["type"] == "uart"]
    line = next(line for line in lines if line is not None)
    assert frame["scores"] == [list(pair) for pair in zip(line.labels, line.scores, strict=True)]
    assert (frame["cycles"], frame["number"], frame["source"]) == (line.cycles, 1, "dark photograph")
    assert frame["picture"] == picture_of(np.full((240, 320), 0x0841, np.uint16))
    assert viewer.wait("state", running=True)["leds"].keys() == {"greenLed", "blueLed", "redLed"}
    assert {"type": "set", "names": ["dark", "light"], "chosen": "dark"} in viewer.events
    assert [event["type"] for event in viewer.stage.past()].count("frame") >= 1


def test_one_frame_and_another_picture(viewer: Viewer) -> None:
    viewer.order("pause")
    viewer.wait("state", running=False)
    viewer.order("picture", pixels=np.full((240, 320), 0x1234, np.uint16).astype("<u2").tobytes())
    viewer.wait("set", chosen=DROPPED)
    for _ in range(4):  # one or two were captured before
        viewer.order("frame")
        frame = viewer.wait("frame")
        viewer.wait("state", running=False)
        if frame["source"] == DROPPED:
            break
    assert (frame["source"], frame["picture"]) == (DROPPED, picture_of(np.full((240, 320), 0x1234, np.uint16)))


def test_orders_that_cannot_be_carried_out(viewer: Viewer) -> None:
    for order, complaint in (
        ({"do": "fault", "fault": "camera.nosuch"}, "expected one of camera.absent"),
        ({"do": "fault", "fault": "memory.flip"}, "at= is missing"),
        ({"do": "fault", "fault": ["camera.nack"]}, "expected a fault of at most 200"),
        ({"do": "fault", "fault": "camera.black" + ",x=1" * 60}, "expected a fault of at most 200"),
        ({"do": "set", "name": "../../etc"}, "no frame set"),
        ({"do": "press", "button": ["x"]}, "no button"),
        ({"do": "type", "text": "x" * 300}, "at most 200"),
        ({"do": "picture", "pixels": b"x"}, "320 x 240"),
        ({"do": "\x1b[2J<script>"}, r"no order"),
    ):
        viewer.order(**order)
        text = viewer.wait("trouble")["text"]
        assert complaint in text and "\x1b" not in text


def test_the_console_the_profile_a_set_and_a_reset(viewer: Viewer) -> None:
    viewer.order("run")
    viewer.order("type", text="p\r")
    viewer.wait("uart", text="p")
    layers = viewer.wait("layers")["layers"]
    assert layers[0]["name"] and layers[0]["cycles"] > 0
    viewer.order("set", name="light")
    viewer.wait("frame", source="light photograph")
    viewer.order("press", button="userButton")
    viewer.order("reset")
    assert viewer.wait("frame", number=1)["source"] == "light photograph"


def test_the_display_shows_what_the_frame_is(viewer: Viewer) -> None:
    viewer.order("run")
    viewer.wait("frame", number=2)
    said = [Prediction.parse(event["text"]) for event in viewer.events if event["type"] == "uart"]
    prediction = [line for line in said if line is not None and line.frame == 2][-1]
    expected = shown(VisionDisplay(viewer.elf).expected(np.full((240, 320), 0xFFDF, np.uint16), prediction))
    while not np.array_equal(_decoded(viewer.wait("lcd")["picture"]), expected):
        pass


def _decoded(address: str) -> Picture:
    return picture_of_png(base64.b64decode(address.partition(",")[2]), "the display")


def test_a_fault_sets_in_at_the_next_frame_and_the_board_says_so(viewer: Viewer) -> None:
    viewer.order("fault", fault="camera.pclk-stops")
    assert viewer.wait("fault")["text"].startswith("camera.pclk-stops at frame:")
    while not viewer.wait("uart")["text"].startswith("E: CAM_"):
        pass
    viewer.order("fault", fault="dma.stall,device=sysbus.nothing@boot+20ms")
    assert "sysbus.nothing" in viewer.wait("trouble")["text"]
    viewer.wait("state", running=False)
    viewer.order("run")
    viewer.order("reset")
    viewer.wait("frame", number=1)
