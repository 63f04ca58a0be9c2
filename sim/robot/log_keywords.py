"""Keywords about the log."""
# ruff: noqa: N803 - argument names are Renode's, suites pass them by name

from __future__ import annotations

import logging
from pathlib import Path

from sim.engine.monitor.paths import as_path
from sim.engine.wording import NO_LOG_TESTER, UNEXPECTED_LOG_ENTRY, expected_log_entry
from sim.files import write_bytes
from sim.robot.log_tester import LogTester
from sim.robot.session import Keywords, Replay, renode_keyword


class LogKeywords(Keywords):
    """Times are seconds of virtual time."""

    _cache: logging.FileHandler | None = None

    @renode_keyword("Create Log Tester", Replay.ALWAYS)
    def create_log_tester(self, timeout: float, defaultPauseEmulation: bool | None = None) -> None:
        """Collect the engine's log from now on."""
        if self.session.log is not None:
            self.session.log.close()
        self.session.log = LogTester(lambda: self.session.machine, timeout)

    @renode_keyword("Wait For Log Entry")
    def wait_for_log_entry(
        self,
        pattern: str,
        timeout: float | None = None,
        keep: bool = False,
        treatAsRegex: bool = False,
        pauseEmulation: bool | None = None,
        level: str | None = None,
    ) -> str:
        """Run until the log has an entry with ``pattern``; it and those before it are consumed unless ``keep``."""
        tester = self._log_tester()
        found = tester.wait_for(pattern, timeout, regex=treatAsRegex, keep=keep, level=level)
        if found is None:
            raise AssertionError(f"{expected_log_entry(pattern)}. The log:\n{tester.transcript()}")
        return found.text

    @renode_keyword("Should Not Be In Log")
    def should_not_be_in_log(
        self,
        pattern: str,
        timeout: float | None = None,
        treatAsRegex: bool = False,
        pauseEmulation: bool | None = None,
        level: str | None = None,
    ) -> None:
        """Fails when the log has or gets an entry with ``pattern`` within ``timeout``."""
        found = self._log_tester().wait_for(pattern, timeout, regex=treatAsRegex, keep=True, level=level)
        if found is not None:
            raise AssertionError(f"{UNEXPECTED_LOG_ENTRY}: {found.text}")

    @renode_keyword("Register Failing Log String")
    def register_failing_log_string(self, pattern: str, treatAsRegex: bool = False) -> None:
        """From now on a wait fails when the log has ``pattern``."""
        self._log_tester().add_failing(pattern, treatAsRegex)

    @renode_keyword("Unregister Failing Log String")
    def unregister_failing_log_string(self, pattern: str, treatAsRegex: bool = False) -> None:
        """Take ``Register Failing Log String`` back."""
        self._log_tester().remove_failing(pattern, treatAsRegex)

    @renode_keyword("Clear Log Tester History")
    def clear_log_tester_history(self) -> None:
        """Forget the entries so far."""
        self._log_tester().entries.clear()

    @renode_keyword("Log To File", Replay.NEVER)
    def log_to_file(self, filePath: str, flushAfterEveryWrite: bool = False) -> None:
        """Also write the log to a file, until the suites end."""
        logging.getLogger("sim").addHandler(_file_handler(as_path(filePath)))

    @renode_keyword("Enable Logging To Cache", Replay.NEVER)
    def enable_logging_to_cache(self) -> None:
        """Keep the log for ``Save Cached Log``."""
        if self._cache is None:
            self._cache = _file_handler(self.session.temporary_folder() / "cached.log")
            logging.getLogger("sim").addHandler(self._cache)

    @renode_keyword("Save Cached Log", Replay.NEVER)
    def save_cached_log(self, filePath: str) -> None:
        """Write what was kept to a file."""
        if self._cache is None:
            raise AssertionError("no log was kept: use `Enable Logging To Cache` first")
        self._cache.flush()
        write_bytes(as_path(filePath), Path(self._cache.baseFilename).read_bytes())

    @renode_keyword("Clear Cached Log", Replay.NEVER)
    def clear_cached_log(self) -> None:
        """Forget what was kept."""
        if self._cache is not None:
            logging.getLogger("sim").removeHandler(self._cache)
            self._cache.close()
            Path(self._cache.baseFilename).unlink(missing_ok=True)
            self._cache = None
            self.enable_logging_to_cache()

    def _log_tester(self) -> LogTester:
        if self.session.log is None:
            raise AssertionError(NO_LOG_TESTER)
        return self.session.log


def _file_handler(path: Path) -> logging.FileHandler:
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("[%(levelname)s] %(name)s: %(message)s"))
    return handler
