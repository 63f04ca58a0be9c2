"""What ``renode-test`` adds to each suite: Renode's keywords, and set-ups and teardowns where the suite names none."""

from __future__ import annotations

from typing import Any

from robot.api import SuiteVisitor


class RenodeDefaults(SuiteVisitor):  # type: ignore[misc]
    """A pre-run modifier for Robot Framework.

    Args:
        keywords: path of ``renode-keywords.robot``.
    """

    def __init__(self, keywords: str) -> None:
        self._keywords = keywords

    def start_suite(self, suite: Any) -> None:
        """Folders (suites of suites) are left alone."""
        if not suite.tests:
            return
        suite.resource.imports.resource(self._keywords)
        for fixture, name in ((suite.setup, "Setup"), (suite.teardown, "Teardown")):
            if not fixture:
                fixture.config(name=name)
        for test in suite.tests:
            for fixture, name in ((test.setup, "Reset Emulation"), (test.teardown, "Test Teardown")):
                if not fixture:
                    fixture.config(name=name)
