"""A headless Chromium that tests drive by its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

LONGEST = 120.0
"""Seconds that anything may take: a limit, not what is hoped for."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser_program() -> str:
    """The path of a Chromium; skips the test where there is none."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    pytest.skip(f"no browser is installed: none of {', '.join(_NAMES)} is on PATH")


class Browser:
    """One page in a browser of its own; to be closed."""

    def __init__(self, folder: Path) -> None:
        connect = pytest.importorskip("websockets.sync.client", reason="the extra [view] is not installed").connect
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            "--no-first-run",
            "--disable-dev-shm-usage",
        ]
        options += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        command = [browser_program(), *options, f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._numbers = itertools.count(1)
        self._closing = contextlib.ExitStack()
        self.requests: list[str] = []
        """Addresses of all that was fetched, WebSockets included."""
        self.complaints: list[str] = []
        try:
            port, path = self._door(folder / "DevToolsActivePort")
            self._socket = self._closing.enter_context(
                connect(f"ws://127.0.0.1:{port}{path}", max_size=1 << 28, open_timeout=LONGEST)
            )
            self._session = ""
            target = self.ask("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "DOM", "Network", "Log"):
                self.ask(f"{domain}.enable")
        except BaseException:
            self._process.kill()
            raise

    def _door(self, file: Path) -> tuple[str, str]:
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            if file.exists() and len(lines := file.read_text().split("\n")) >= 2:
                return lines[0], lines[1]
            if self._process.poll() is not None:
                pytest.skip(f"the browser does not start (status {self._process.returncode})")
            time.sleep(0.05)
        raise TimeoutError("the browser opens no door")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol and its result; events that come meanwhile are noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        while True:
            answer = json.loads(self._socket.recv(timeout=LONGEST))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event.get("method") == "Network.webSocketCreated":
            self.requests.append(told["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(told["entry"]["text"])

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited where it is a promise."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str) -> Any:
        """Until the expression is true; its value."""
        until = time.monotonic() + LONGEST
        while not (value := self.run(script)):
            assert time.monotonic() < until, f"not so within {LONGEST} s: {script}; {self.complaints}"
            time.sleep(0.02)
        return value

    def open(self, url: str) -> None:
        self.ask("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def click(self, selector: str) -> None:
        """The mouse, at the middle of the element, wherever that is."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{place}.scrollIntoView({{block: 'center'}})")
        x, y = self.run(f"(box => [box.x + box.width / 2, box.y + box.height / 2])({place}.getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """A key: a character, or ``Enter``; whatever has the focus gets it."""
        text = "\r" if key == "Enter" else key
        code = {"Enter": 13}.get(key) or ord(key.upper())
        named: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **named)

    def select(self, selector: str, value: str) -> None:
        """An entry of a <select>."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{place}.value = {json.dumps(value)}; {place}.dispatchEvent(new Event('change', {{bubbles: true}}))")

    def wait_for(self, selector: str, text: str = "") -> str:
        """Until the element holds ``text``; all that it holds."""
        place = f"document.querySelector({json.dumps(selector)})"
        self.wait(f"{place} !== null && {place}.textContent.includes({json.dumps(text)})")
        return str(self.run(f"{place}.textContent"))

    def choose(self, selector: str, files: list[Path]) -> None:
        """Files into an <input>."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path.resolve()) for path in files])

    def picture(self, path: Path, width: int, *, dark: bool = False) -> None:
        """A screenshot of the whole page."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=scheme)
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        self._closing.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
