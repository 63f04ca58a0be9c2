"""A model's variables: what VAR_HANDLE, READ_VARIABLE and ASSIGN_VARIABLE mean by a handle, in whichever subgraph.

Two handles of one container and name are one variable (TFLite's resource variables, kernels/var_handle.cc).
"""

from __future__ import annotations

import numpy as np

from model.compiler.ir import Tensor

Key = tuple[str, str]
"""Container and shared name."""


class Variables:
    """The variables met so far. While ``starting``, a constant assigned is the value before the first run."""

    def __init__(self) -> None:
        self.starting = False
        self._keys: dict[Tensor, Key] = {}
        self._states: dict[Key, Tensor] = {}

    def open(self, handle: Tensor, key: Key) -> None:
        """Let ``handle`` stand for the variable ``key``."""
        self._keys[handle] = key

    def knows(self, handle: Tensor) -> bool:
        """Whether ``handle`` came from a VAR_HANDLE."""
        return handle in self._keys

    def state(self, handle: Tensor) -> Tensor | None:
        """The state behind ``handle``; None before anything was assigned to it."""
        return self._states.get(self._keys[handle])

    def create(self, handle: Tensor, like: Tensor, initial: np.ndarray | None) -> Tensor:
        """A state of the shape, type and quantization of ``like``; zeros where no ``initial`` value is known."""
        container, name = self._keys[handle]
        values = np.zeros(like.shape, like.numpy_dtype) if initial is None else initial
        state = Tensor(
            f"{container}/{name}".strip("/") or handle.name,
            like.shape,
            like.dtype,
            like.scales,
            like.zero_point,
            initial=values,
        )
        self._states[container, name] = state
        return state
