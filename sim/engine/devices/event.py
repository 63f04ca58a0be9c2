"""C#-style events: what scripts and the host subscribe to with ``+=``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class EventHandlers(Generic[P]):
    """Handlers called in order of subscription; ``event += f``, ``event -= f``, ``event(...)``.

    As in C#, a handler may be added twice, ``-=`` takes the latest away and of a stranger does nothing.
    """

    def __init__(self) -> None:
        self._handlers: list[Callable[P, object]] = []

    def __iadd__(self, handler: Callable[P, object]) -> EventHandlers[P]:
        self._handlers.append(handler)
        return self

    def __isub__(self, handler: Callable[P, object]) -> EventHandlers[P]:
        for index in range(len(self._handlers) - 1, -1, -1):
            if self._handlers[index] == handler:
                del self._handlers[index]
                break
        return self

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for handler in tuple(self._handlers):
            handler(*args, **kwargs)

    def __len__(self) -> int:
        return len(self._handlers)
