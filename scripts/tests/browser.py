"""A browser that tests drive, whichever it is; ``chromium.py`` and ``firefox.py`` beside this are two."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import pytest

LONGEST = 120.0
"""Seconds that anything may take: a limit, not what is hoped for."""


class Browser(ABC):
    """One page in a browser of its own, headless, with a webcam that shows a moving picture; to be closed.

    Skips the test where the browser is not installed or does not start.
    """

    names: ClassVar[tuple[str, ...]]
    """Programs it may be, the first on PATH is taken."""

    def __init__(self, folder: Path) -> None:
        """``folder`` for its profile, made where it is missing."""
        connect = pytest.importorskip("websockets.sync.client", reason="the extra [view] is missing").connect
        folder.mkdir(exist_ok=True)
        self._numbers = itertools.count(1)
        self._closing = contextlib.ExitStack()
        self.requests: list[str] = []
        """Addresses of all that was fetched."""
        self.complaints: list[str] = []
        """Errors that the page or the browser told."""
        self.version = ""
        """Its name and version."""
        command = self._command(self._program(), folder)
        said = self._closing.enter_context((folder / "said.txt").open("w"))
        # It writes nothing beside its profile.
        homes = os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": ""}
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=homes)
        try:
            address = self._door(folder)
            self._socket = self._closing.enter_context(
                connect(address, max_size=1 << 28, open_timeout=LONGEST, compression=None)
            )
            self._begin()
        except BaseException:
            self._process.kill()
            self._process.wait(20)
            self._closing.close()
            raise

    def _program(self) -> str:
        for name in self.names:
            if found := shutil.which(name):
                return found
        pytest.skip(f"not installed: none of {', '.join(self.names)} is on PATH")

    @abstractmethod
    def _command(self, program: str, folder: Path) -> list[str]:
        """What starts it, with its profile in ``folder``."""

    @abstractmethod
    def _door_in(self, folder: Path) -> str:
        """The address to talk to it at, or nothing while it has not told."""

    @abstractmethod
    def _begin(self) -> None:
        """Open a page and ask for its events."""

    def _door(self, folder: Path) -> str:
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            if address := self._door_in(folder):
                return address
            if self._process.poll() is not None:
                pytest.skip(f"the browser does not start (status {self._process.returncode})")
            time.sleep(0.02)
        raise TimeoutError("the browser opens no door")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of its protocol and its result; events that come meanwhile are noted."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters} | self._envelope()))
        while True:
            answer = json.loads(self._socket.recv(timeout=LONGEST))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer}"
                return dict(answer["result"])
            if "method" in answer:
                self._note(answer["method"], answer["params"])

    def _envelope(self) -> dict[str, Any]:
        """What every command carries."""
        return {}

    @abstractmethod
    def _note(self, method: str, told: dict[str, Any]) -> None:
        """An event, to ``requests`` or ``complaints``."""

    @abstractmethod
    def run(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited where it is a promise."""

    @abstractmethod
    def open(self, url: str) -> None:
        """Another page, until all of it is loaded."""

    @abstractmethod
    def click_at(self, x: float, y: float) -> None:
        """The mouse, at a place of the window."""

    @abstractmethod
    def press(self, key: str) -> None:
        """A key: a character or one of ``Enter Tab ArrowLeft ArrowRight Home End``; what has the focus gets it."""

    @abstractmethod
    def choose(self, selector: str, files: list[Path]) -> None:
        """Files into an <input>."""

    @abstractmethod
    def spoken(self, role: str, name: str) -> int:
        """How many elements of a role a screen reader calls ``name``; ``""``: has no name for."""

    @abstractmethod
    def picture(self, path: Path, width: int) -> None:
        """A screenshot of the whole page, ``width`` pixels wide."""

    def wait(self, script: str) -> Any:
        """Until the expression is true; its value."""
        until = time.monotonic() + LONGEST
        while not (value := self.run(script)):
            assert time.monotonic() < until, f"not so within {LONGEST} s: {script}; {self.complaints}"
            time.sleep(0.02)
        return value

    def click(self, selector: str) -> None:
        """The mouse, at the middle of the element, wherever that is."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{place}.scrollIntoView({{block: 'center'}})")
        x, y = self.run(f"(box => [box.x + box.width / 2, box.y + box.height / 2])({place}.getBoundingClientRect())")
        self.click_at(x, y)

    def select(self, selector: str, value: str) -> None:
        """An entry of a <select>."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{place}.value = {json.dumps(value)}; {place}.dispatchEvent(new Event('change', {{bubbles: true}}))")

    def wait_for(self, selector: str, text: str = "") -> str:
        """Until the element holds ``text``; all that it holds."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{place} !== null && {place}.textContent.includes({json.dumps(text)})")
        return str(self.run(f"{place}.textContent"))

    def close(self) -> None:
        self._closing.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
