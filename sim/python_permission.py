"""Whether Python that files carry may run. By default it may: boards in Renode's languages are partly written in it.

With ``--no-python``, or ``CROSSCAM_NO_PYTHON=1`` in the environment (for CI), only the scripts of the boards that came
with crosscam do. Each place that compiles code out of a file asks here first.
"""

from __future__ import annotations

import os
from pathlib import Path

from sim.errors import CrosscamError

VARIABLE = "CROSSCAM_NO_PYTHON"
_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = (_PACKAGE / "board", _PACKAGE / "peripherals")


def forbid_python() -> None:
    """Refuse Python of strangers from now on, in this process and those it starts."""
    os.environ[VARIABLE] = "1"


def is_forbidden() -> bool:
    """Whether only our own scripts may run."""
    return os.environ.get(VARIABLE, "0") not in ("", "0")


def permit_python(file: str, what: str = "") -> None:
    """Return when code that stands in ``file`` may run. ``what``: how to call it in the error, default the file.

    Raises:
        CrosscamError: it may not.
    """
    if is_forbidden() and not is_shipped(file):
        raise CrosscamError(
            f"{what or file}: Python is refused (--no-python or {VARIABLE}): only scripts of the boards that came with "
            "crosscam may run"
        )


def is_shipped(file: str) -> bool:
    """``file`` is a script of ours: it lies in one of our folders, and no link leads there or away from there.

    A link from elsewhere to one of our scripts is not ours: such a script loads others that lie beside it.
    """
    path = Path(file)
    try:
        place = path.parent.resolve() / path.name
        return place.parent in _SHIPPED and place.resolve() == place and place.is_file()
    except (OSError, RuntimeError, ValueError):  # a ring of links, a name no file can have
        return False
