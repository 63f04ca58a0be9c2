"""A headless Chromium, by its DevTools protocol."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from scripts.tests.browser import Browser

_KEYS = {"Enter": 13, "Tab": 9, "ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35}


class Chromium(Browser):
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

    def _command(self, program: str, folder: Path) -> list[str]:
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            "--no-first-run",
            "--disable-dev-shm-usage",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ]
        return [program, *options, f"--user-data-dir={folder}", "about:blank"]

    def _door_in(self, folder: Path) -> str:
        file = folder / "DevToolsActivePort"
        lines = file.read_text().split("\n") if file.exists() else []
        return f"ws://127.0.0.1:{lines[0]}{lines[1]}" if len(lines) >= 2 else ""

    def _begin(self) -> None:
        self._session = ""
        self.version = self.ask("Browser.getVersion")["product"]
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "DOM", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def _envelope(self) -> dict[str, Any]:
        return {"sessionId": self._session} if self._session else {}

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(told["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(told["entry"]["text"])

    def run(self, script: str) -> Any:
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, url: str) -> None:
        self.ask("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def click_at(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        named: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": _KEYS.get(key) or ord(key.upper())}
        text = {"Enter": "\r"}.get(key, "" if key in _KEYS else key)
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **named)

    def choose(self, selector: str, files: list[Path]) -> None:
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path.resolve()) for path in files])

    def spoken(self, role: str, name: str) -> int:
        nodes = [node for node in self.ask("Accessibility.getFullAXTree")["nodes"] if "role" in node]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes].count((role, name))

    def picture(self, path: Path, width: int) -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))
