"""The page and its websocket. Whoever comes from another page, or calls this host by a strange name, is refused.

Orders come as JSON objects with ``do``; a picture as 153,600 bytes RGB565 in a binary message. Each client has a queue
of its own; one that does not take what is told is let go, and gets all it needs when it comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sim.reading import UnreadableError, parse_json
from sim.view.stage import Stage

PAGE = Path(__file__).parent / "page"
FILES = {"/": "view.html", "/view.css": "view.css", "/view.js": "view.js"}
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LONGEST_ORDER = 4096
PICTURE_BYTES = 320 * 240 * 2
_EVENTS_KEPT = 500
_REFUSED = 1008  # RFC 6455 7.4.1: policy violation
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; media-src blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Audience:
    """Who looks on. ``tell`` may be called from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: set[asyncio.Queue[dict[str, Any] | None]] = set()

    def attend(self) -> asyncio.Queue[dict[str, Any] | None]:
        """A queue of what is told from now on; None in it: too slow, leave."""
        self._loop = asyncio.get_running_loop()
        events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_EVENTS_KEPT + 1)
        self._queues.add(events)
        return events

    def leave(self, events: asyncio.Queue[dict[str, Any] | None]) -> None:
        """Nothing more is put into ``events``."""
        self._queues.discard(events)

    def tell(self, event: dict[str, Any]) -> None:
        """To all who look on."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._put, event)

    def _put(self, event: dict[str, Any]) -> None:
        for events in tuple(self._queues):
            if events.qsize() >= _EVENTS_KEPT:
                self._queues.discard(events)
                events.put_nowait(None)
            else:
                events.put_nowait(event)


def application(stage: Stage, audience: Audience, hosts: Sequence[str] = LOOPBACK) -> Starlette:
    """The page of ``stage``. ``hosts``: names by which this host may be called."""

    async def page(request: Request) -> Response:
        if not is_called_right(request.headers.get("host", ""), request.headers.get("origin"), hosts):
            return PlainTextResponse("not for other hosts or pages\n", 403, _HEADERS)
        return FileResponse(PAGE / FILES[request.url.path], headers=_HEADERS)

    async def live(socket: WebSocket) -> None:
        if not is_called_right(socket.headers.get("host", ""), socket.headers.get("origin"), hosts):
            await socket.close(_REFUSED)
            return
        await socket.accept()
        events = audience.attend()
        try:
            for event in stage.past():
                await socket.send_text(json.dumps(event))
            sender = asyncio.create_task(_send(socket, events))
            try:
                async for order in _orders(socket):
                    if not stage.order(order):
                        events.put_nowait({"type": "trouble", "text": "too many orders at once: wait for the board"})
            finally:
                sender.cancel()
        finally:
            audience.leave(events)

    return Starlette(routes=[*(Route(path, page) for path in FILES), WebSocketRoute("/live", live)])


def is_called_right(host: str, origin: str | None, hosts: Sequence[str]) -> bool:
    """``host`` (with its port) is one of ours, and ``origin``, where a browser names it, is this very page."""
    try:
        name = urlsplit(f"//{host}").hostname
        if name not in hosts:
            return False
        return origin is None or (origin.startswith("http://") and urlsplit(origin).netloc.lower() == host.lower())
    except ValueError:
        return False


async def _send(socket: WebSocket, events: asyncio.Queue[dict[str, Any] | None]) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while (event := await events.get()) is not None:
            await socket.send_text(json.dumps(event))
        await socket.close(_REFUSED)


async def _orders(socket: WebSocket) -> AsyncIterator[dict[str, Any]]:
    """What the page wants; what is no order is passed over."""
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text, data = message.get("text"), message.get("bytes")
            if data is not None and len(data) == PICTURE_BYTES:
                yield {"do": "picture", "pixels": bytes(data)}
            elif text is not None and len(text) <= LONGEST_ORDER:
                try:
                    order = parse_json(text)
                except UnreadableError:
                    continue
                if isinstance(order, dict):
                    yield {key: value for key, value in order.items() if key != "pixels"}
