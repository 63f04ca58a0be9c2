"""The board as the page sees it: it runs in a thread of its own, takes orders between spans, and tells what happens.

What is told are JSON objects with a ``type``: ``state`` (running, board time, LEDs), ``uart`` (a line), ``frame`` (a
prediction and the picture it is of), ``lcd`` (a whole picture of the display), ``layers`` (the firmware's own profile,
command ``p``), ``set`` (frame sets), ``faults`` (the kinds there are), ``fault`` (one that is to come),
``trouble`` (an order that cannot be carried out, or the board's end).
"""

from __future__ import annotations

import os
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sim.boot import CAMERA, CAPTURED_COUNT, CAPTURED_INDEX, POLL_SECONDS, Board
from sim.bringup.lamps import Lamps
from sim.console import Line, Prediction
from sim.engine.devices.parts.button import Button
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.errors import CrosscamError
from sim.frames.convert import HEIGHT, WIDTH
from sim.frames.folder import FrameFolder, Shot, write_folder
from sim.lcd import Lcd, Picture, PictureWatch, png_of
from sim.recording.recording import pixels_of
from sim.report.page import picture_of, png_uri
from sim.text import printable
from sim.view.faults import inject_next, kinds_told
from sim.view.past import Past

Tell = Callable[[dict[str, Any]], None]
READ_FOLDER_AGAIN = 0x18
"""Command of the camera script (sim/peripherals/ov7670.py)."""
DROPPED = "your picture"
LONGEST_TYPED = 200
_ORDERS_KEPT = 200
_STATE_SECONDS = 0.2
_LAYER = re.compile(r"layer +(\d+) (\S+) +(\S+) +(\d+) MAC +(\d+) cycles", re.ASCII)
_BUTTON_SECONDS = 0.1


def _short(path: str) -> str:
    """A part's own name, without the port it hangs on."""
    return path.rpartition(".")[2]


class Stage(threading.Thread):
    """Makes the board and runs it.

    Args:
        make: makes the board, in the thread that runs it.
        sets: frame folders to choose from, by name; the first is what the board starts with.
        folder: an empty folder, for pictures that are dropped.
        tell: gets what happens; called from this thread.
    """

    def __init__(self, make: Callable[[], Board], sets: Mapping[str, Path], folder: Path, tell: Tell) -> None:
        super().__init__(name="board", daemon=True)
        self._make = make
        self._sets = {name: FrameFolder.open(path) for name, path in sets.items()}
        self._folder = folder
        self._tell_all = tell
        self._orders: queue.Queue[dict[str, Any]] = queue.Queue(_ORDERS_KEPT)
        self._over = threading.Event()
        self._running = True
        self._one_frame = False
        self._set = next(iter(self._sets))
        self._shown = self._sets[self._set]
        self._captured: list[tuple[FrameFolder, int]] = []  # since the last reset
        self._counted = 0  # of them, since the camera's folder was read
        self._layers: list[dict[str, Any]] = []
        self._past = Past()

    # Any thread

    def order(self, order: dict[str, Any]) -> bool:
        """Have ``order`` carried out; False when there are too many already."""
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            return False
        return True

    def past(self) -> list[dict[str, Any]]:
        """What somebody who comes now has to know."""
        return self._past.all()

    def close(self) -> None:
        """End the board; waits for it, but not for ever."""
        self._over.set()
        self.join(10)

    # The board's thread

    def run(self) -> None:
        """Until ``close``, or until the board cannot go on."""
        try:
            self._board = self._make()
        except CrosscamError as error:
            self._tell({"type": "trouble", "text": str(error)})
            return
        self._lamps = Lamps(self._board.machine, None)
        devices = self._board.machine.devices.items()
        self._buttons = {_short(path): device for path, device in devices if isinstance(device, Button)}
        self._board.on_line.append(self._line)
        self._board.on_reset.append(lambda reason: self._was_reset(reason))
        self._display = self._watched_display()
        self._tell_sets()
        self._tell_dark()
        self._tell(kinds_told())
        try:
            self._run()
        except CrosscamError as error:
            self._tell({"type": "trouble", "text": str(error)})
        finally:
            self._board.close()

    def _run(self) -> None:
        told = 0.0
        while not self._over.is_set():
            started = time.monotonic()
            self._obey(wait=not self._running)
            if self._running:
                self._run_on()
                time.sleep(max(0.0, float(POLL_SECONDS) - (time.monotonic() - started)))  # no faster than a board
            if time.monotonic() - told > _STATE_SECONDS:
                told = time.monotonic()
                self._tell_state()

    def _run_on(self) -> None:
        try:
            self._board.machine.run_for(POLL_SECONDS)
        except CrosscamError as error:  # such as a fault whose device the board has not: a reset may help
            self._running = False
            self._tell({"type": "trouble", "text": str(error)})
        self._note_captures()
        if self._display is not None:
            self._display.look()

    def _obey(self, *, wait: bool) -> None:
        try:
            order = self._orders.get(timeout=_STATE_SECONDS) if wait else self._orders.get_nowait()
        except queue.Empty:
            return
        try:
            self._carry_out(order)
        except CrosscamError as error:
            self._tell({"type": "trouble", "text": str(error)})

    def _carry_out(self, order: dict[str, Any]) -> None:
        what = order.get("do")
        if what in ("run", "pause", "frame"):
            self._running, self._one_frame = what != "pause", what == "frame"
        elif what == "reset":
            self._board.monitor.execute("machine Reset")
        elif what == "type":
            self._type(order.get("text"))
        elif what == "press":
            self._press(order.get("button"))
        elif what == "set":
            self._choose(order.get("name"))
        elif what == "picture":
            self._drop(order.get("pixels"))
        elif what == "fault":
            self._inject(order.get("fault"))
        else:
            raise CrosscamError(f"no order {printable(str(what), 40)!r}")
        self._tell_state()

    def _type(self, text: object) -> None:
        if not isinstance(text, str) or len(text) > LONGEST_TYPED or not text.isascii():
            raise CrosscamError(f"expected at most {LONGEST_TYPED} ASCII characters to type")
        self._board.type_text(text)

    def _press(self, name: object) -> None:
        button = self._buttons.get(str(name))
        if button is None:
            raise CrosscamError(f"the board has no button {printable(str(name), 40)!r}")
        button.press()
        self._board.machine.run_for(_BUTTON_SECONDS)
        button.release()

    def _choose(self, name: object) -> None:
        if name not in self._sets:
            raise CrosscamError(f"no frame set {printable(str(name), 60)!r}: expected one of those listed")
        self._set = str(name)
        self._show(self._sets[self._set])

    def _drop(self, pixels: object) -> None:
        if not isinstance(pixels, bytes) or len(pixels) != WIDTH * HEIGHT * 2:
            raise CrosscamError(f"expected a picture of {WIDTH} x {HEIGHT} RGB565 values")
        self._set = DROPPED
        shot = Shot(pixels_of(pixels), DROPPED, None, "")
        self._show(write_folder(self._folder / "dropped", DROPPED, [shot]))

    def _inject(self, spelling: object) -> None:
        self._note_captures()
        said = inject_next(self._board.machine, spelling, self._counted + 1)
        self._tell({"type": "fault", "text": said, "seconds": round(self._board.seconds, 6)})

    def _watched_display(self) -> PictureWatch | None:
        try:
            return PictureWatch(Lcd(self._board), self._displayed)
        except CrosscamError:
            return None  # the board has none

    def _tell_dark(self) -> None:
        """Nothing was drawn yet, on a board that has a display."""
        if self._display is not None:
            self._tell({"type": "lcd", "number": 0, "picture": ""})

    def _displayed(self, number: int, picture: Picture) -> None:
        self._tell({"type": "lcd", "number": number, "picture": png_uri(png_of(picture))})

    def _show(self, folder: FrameFolder) -> None:
        """``folder`` before the lens, from its first photograph on."""
        self._note_captures()
        os.environ["CROSSCAM_FRAMES"] = str(folder.path.resolve())
        self._camera().control_read(READ_FOLDER_AGAIN, 0)
        self._shown, self._counted = folder, 0
        self._tell_sets()

    def _camera(self) -> PythonPeripheral:
        self._board.check_camera()
        camera = self._board.machine[CAMERA]
        assert isinstance(camera, PythonPeripheral)
        return camera

    def _note_captures(self) -> None:
        camera = self._camera()
        for number in range(self._counted, camera.control_read(CAPTURED_COUNT, 0)):
            self._captured.append((self._shown, camera.control_read(CAPTURED_INDEX, number)))
            self._counted = number + 1

    def _was_reset(self, reason: str) -> None:
        self._captured.clear()
        self._counted = 0
        self._tell_dark()
        self._tell({"type": "uart", "text": f"(reset: {printable(reason, 100)})", "seconds": self._board.seconds})

    def _line(self, line: Line) -> None:
        self._tell({"type": "uart", "text": printable(line.text, 400), "seconds": round(self._board.seconds, 6)})
        prediction = Prediction.parse(line.text)
        if prediction is not None:
            self._frame(prediction)
        layer = _LAYER.search(line.text)
        if layer is not None:
            self._layer(int(layer[1]), layer[2], layer[3], int(layer[5]))

    def _frame(self, prediction: Prediction) -> None:
        self._note_captures()
        shown = self._captured[prediction.frame - 1 : prediction.frame]
        source, labels, picture = "", None, ""
        for folder, index in shown:
            entry = folder.entries[index]
            source, labels = printable(entry.source, 100), list(entry.labels) if entry.labelled else None
            picture = picture_of(folder.pixels(index))
        self._tell(
            {
                "type": "frame",
                "number": prediction.frame,
                "source": source,
                "labels": labels,
                "scores": [
                    [printable(label, 40), score]
                    for label, score in zip(prediction.labels, prediction.scores, strict=True)
                ],
                "cycles": prediction.cycles,
                "ms": prediction.duration_ms,
                "picture": picture,
            }
        )
        if self._one_frame:
            self._running = self._one_frame = False
            self._board.machine.pause()

    def _layer(self, number: int, name: str, operator: str, cycles: int) -> None:
        if number == 0:
            self._layers = []
        self._layers.append({"name": printable(name, 40), "operator": printable(operator, 40), "cycles": cycles})
        self._tell({"type": "layers", "layers": list(self._layers)})

    def _tell_sets(self) -> None:
        self._tell({"type": "set", "names": list(self._sets), "chosen": self._set})

    def _tell_state(self) -> None:
        self._tell(
            {
                "type": "state",
                "running": self._running,
                "seconds": round(self._board.seconds, 3),
                "leds": {_short(name): lamp.lit for name, lamp in self._lamps.all.items()},
                "buttons": list(self._buttons),
            }
        )

    def _tell(self, event: dict[str, Any]) -> None:
        self._past.keep(event)
        self._tell_all(event)
