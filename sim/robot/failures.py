"""Notices on the way that a test has failed, while its board is still there: before its teardown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn

from sim.files_read import FilesRead
from sim.robot.evidence import keep

if TYPE_CHECKING:
    from sim.robot.session import Session


class Failures:
    """A listener of Robot Framework (version 3 of its interface); the library with the keywords brings it along."""

    ROBOT_LISTENER_API_VERSION = 3

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read = FilesRead()
        self._read.__enter__()
        self._kept = ""
        self._test = ""

    def start_test(self, data: Any, result: Any) -> None:
        """What an earlier test left is not this one's."""
        self._kept, self._test = "", result.full_name

    def start_keyword(self, data: Any, result: Any) -> None:
        """Before the teardown, which forgets the board."""
        if self._test and str(data.type) == "TEARDOWN" and BuiltIn().get_variable_value("${TEST STATUS}") == "FAIL":
            self._keep()

    def end_test(self, data: Any, result: Any) -> None:
        """Also where there is no teardown."""
        if result.failed and not self._kept:
            self._keep()
        if result.failed and self._kept:
            result.message = f"{result.message}\n{self._kept}"
        self._test = ""

    def _keep(self) -> None:
        if self._kept or not self._session.monitor.has_machine:
            return
        output = Path(str(BuiltIn().get_variable_value("${OUTPUT DIR}")))
        try:
            shown, self._kept = keep(self._session, self._read, output, self._test)
        except Exception as problem:  # the test's own failure is what matters
            logger.warn(f"what the board was like could not be kept: {type(problem).__name__}: {problem}")
            return
        logger.info(shown, html=True)
