"""What ``renode-test`` adds to each suite: Renode's keywords, and set-ups and teardowns where the suite names none.

And what ``crosscam robot`` adds: variables such as ``${BOARD}`` that a suite has unless it, or what it imports, says
otherwise. On the command line, where Robot Framework would let them win over a suite's own, stands only what the user
gave.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from robot.api import SuiteVisitor
from robot.utils import escape  # type: ignore[import-untyped]

_RENODES_KEYWORDS = "renode-keywords.robot"


class RenodeDefaults(SuiteVisitor):  # type: ignore[misc]
    """A pre-run modifier for Robot Framework.

    Args:
        keywords: path of ``renode-keywords.robot``.
        names_and_values: of variables, in turns; names without ``${}``.
    """

    def __init__(self, keywords: str, *names_and_values: str) -> None:
        self._keywords = keywords
        self._variables = [escape(text) for text in names_and_values]

    def start_suite(self, suite: Any) -> None:
        """Folders (suites of suites) are left alone."""
        if not suite.tests:
            return
        imports = suite.resource.imports
        for each in imports:  # suites name the one of an installation, such as /opt/renode/tests/renode-keywords.robot
            if each.type == each.RESOURCE and PurePosixPath(each.name).name == _RENODES_KEYWORDS:
                each.name = self._keywords
        imports.resource(self._keywords)
        imports.variables(str(Path(__file__)), self._variables)  # last: of two imports the first wins
        for fixture, name in ((suite.setup, "Setup"), (suite.teardown, "Teardown")):
            if not fixture:
                fixture.config(name=name)
        for test in suite.tests:
            for fixture, name in ((test.setup, "Reset Emulation"), (test.teardown, "Test Teardown")):
                if not fixture:
                    fixture.config(name=name)


def get_variables(*names_and_values: str) -> dict[str, str]:
    """Robot Framework's variable file: what ``RenodeDefaults`` gives it, in turns a name and its value."""
    return dict(zip(names_and_values[::2], names_and_values[1::2], strict=True))
