"""What somebody who opens the page later has to be told of what has been."""

from __future__ import annotations

import threading
from typing import Any

KEPT = {"uart": 400, "frame": 60, "fault": 5, "trouble": 5}
"""Of each kind of event, the last so many; of others the last one."""


class Past:
    """Events in their order, as ``Stage`` tells them; may be asked from any thread."""

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def all(self) -> list[dict[str, Any]]:
        """All that is kept."""
        with self._lock:
            return list(self._events)

    def keep(self, event: dict[str, Any]) -> None:
        """Take ``event`` in, and let go of one of its kind where there are enough; of frames only the last keeps its
        picture."""
        with self._lock:
            same = [at for at, each in enumerate(self._events) if each["type"] == event["type"]]
            if len(same) >= KEPT.get(event["type"], 1):
                del self._events[same[0]]
            if event["type"] == "frame":
                for each in self._events:
                    if each["type"] == "frame" and each["picture"]:
                        each["picture"] = ""
            self._events.append(dict(event))
