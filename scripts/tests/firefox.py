"""A headless Firefox, by WebDriver BiDi, which it speaks itself: no geckodriver."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any, ClassVar

from scripts.tests.browser import Browser

_KEYS = {
    "Enter": "\ue007",
    "Tab": "\ue004",
    "ArrowLeft": "\ue012",
    "ArrowRight": "\ue014",
    "Home": "\ue011",
    "End": "\ue010",
}


class Firefox(Browser):
    names = ("firefox", "firefox-esr")
    preferences: ClassVar[dict[str, bool | int]] = {
        "media.navigator.streams.fake": True,  # a moving picture instead of a webcam
        "media.navigator.permission.disabled": True,
        "extensions.enabledScopes": 0,  # no add-ons of the system's
        "app.update.disabledForTesting": True,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.enabled": False,
    }

    def _command(self, program: str, folder: Path) -> list[str]:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in self.preferences.items()]
        (folder / "user.js").write_text("".join(lines))
        return [program, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", str(folder)]

    def _door_in(self, folder: Path) -> str:
        told = re.search(r"BiDi listening on (ws://\S+)\n", (folder / "said.txt").read_text(errors="replace"))
        return f"{told[1]}/session" if told else ""

    def _begin(self) -> None:
        has = self.ask("session.new", capabilities={})["capabilities"]
        self.version = f"Firefox/{has['browserVersion']}"
        self.ask("session.subscribe", events=["network.beforeRequestSent", "log.entryAdded"])
        # The tab it starts with never has the focus, and keys press no button there.
        self._page = self.ask("browsingContext.create", type="tab")["context"]

    def _note(self, method: str, told: dict[str, Any]) -> None:
        if method == "network.beforeRequestSent":
            self.requests.append(told["request"]["url"])
        elif method == "log.entryAdded" and told["level"] == "error":
            self.complaints.append(told["text"])

    def run(self, script: str) -> Any:
        answer = self.ask("script.evaluate", expression=script, target={"context": self._page}, awaitPromise=True)
        assert answer["type"] == "success", answer["exceptionDetails"]
        return _value(answer["result"])

    def open(self, url: str) -> None:
        self.ask("browsingContext.navigate", context=self._page, url=url, wait="complete")

    def _act(self, kind: str, *actions: dict[str, Any]) -> None:
        source = {"type": kind, "id": kind, "actions": actions}
        self.ask("input.performActions", context=self._page, actions=[source])

    def click_at(self, x: float, y: float) -> None:
        move = {"type": "pointerMove", "x": round(x), "y": round(y)}
        self._act("pointer", move, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0})

    def press(self, key: str) -> None:
        value = _KEYS.get(key, key)
        self._act("key", {"type": "keyDown", "value": value}, {"type": "keyUp", "value": value})

    def _located(self, locator: dict[str, Any]) -> list[dict[str, Any]]:
        return list(self.ask("browsingContext.locateNodes", context=self._page, locator=locator)["nodes"])

    def choose(self, selector: str, files: list[Path]) -> None:
        element = {"sharedId": self._located({"type": "css", "value": selector})[0]["sharedId"]}
        paths = [str(path.resolve()) for path in files]
        self.ask("input.setFiles", context=self._page, element=element, files=paths)

    def spoken(self, role: str, name: str) -> int:
        return len(self._located({"type": "accessibility", "value": {"role": role, "name": name}}))

    def picture(self, path: Path, width: int) -> None:
        self.ask("browsingContext.setViewport", context=self._page, viewport={"width": width, "height": 900})
        data = self.ask("browsingContext.captureScreenshot", context=self._page, origin="document")["data"]
        path.write_bytes(base64.b64decode(data))


def _value(told: dict[str, Any]) -> Any:
    """A value of JavaScript as BiDi tells it; an object that is no data is None."""
    kind, value = told["type"], told.get("value")
    if kind == "array":
        return [_value(each) for each in value]
    if kind == "object":
        return {name: _value(each) for name, each in value}
    if kind == "number" and isinstance(value, str):
        return float(value.replace("Infinity", "inf"))  # NaN, too; "-0" is a number
    return value if kind in ("string", "number", "boolean") else None
