"""One headless Renode: started, spoken to in monitor commands, always ended.

The talk goes through the XML-RPC server Renode offers to Robot Framework (``--robot-server-port``): each command comes
back with its output or its error, no prompt has to be parsed. Every wait has a bound.
"""

from __future__ import annotations

import atexit
import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import time
import xmlrpc.client
from pathlib import Path
from types import TracebackType

from sim.errors import CrosscamError

START_SECONDS = 120.0
"""Wall time Renode may take to start; a cold start on a busy machine takes about ten seconds."""
COMMAND_SECONDS = 600.0
"""Wall time one command may take, a ``RunFor`` included."""
END_SECONDS = 10.0
_POLL_SECONDS = 0.05


class _BoundedTransport(xmlrpc.client.Transport):
    """HTTP with a time limit for each answer."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        connection = super().make_connection(host)  # type: ignore[arg-type]
        connection.timeout = self._seconds
        return connection


class RenodeProcess:
    """A running Renode; a context manager, and ended at exit of the interpreter at the latest.

    Args:
        executable: as ``find_renode`` gives it.
        start_seconds, command_seconds: bounds in wall time.
        without: environment variables it must not inherit.

    Raises:
        CrosscamError: it ended at once or did not get ready in time; the message has its last words.
    """

    def __init__(
        self,
        executable: Path,
        *,
        start_seconds: float = START_SECONDS,
        command_seconds: float = COMMAND_SECONDS,
        without: tuple[str, ...] = (),
    ) -> None:
        self._executable = executable
        self._command_seconds = command_seconds
        self.folder = Path(tempfile.mkdtemp(prefix="crosscam-renode-"))
        """Private to this process: its temporary files, its output; removed with it."""
        self._output = (self.folder / "output.txt").open("wb")
        environment = {name: value for name, value in os.environ.items() if name not in without}
        command = [str(executable), "--disable-gui", "--hide-log", "--robot-server-port", "0"]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=subprocess.STDOUT,
                env=environment | {"TMPDIR": str(self.folder)},
                start_new_session=True,
            )
        except OSError as error:
            self._output.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise CrosscamError(f"cannot start {executable}: {error.strerror}; check the installation") from None
        atexit.register(self.close)
        try:
            port = self._wait_for_port(start_seconds)
        except BaseException:
            self.close()
            raise
        self._server = xmlrpc.client.ServerProxy(
            f"http://127.0.0.1:{port}/", transport=_BoundedTransport(command_seconds), use_builtin_types=True
        )

    def __enter__(self) -> RenodeProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _wait_for_port(self, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for file in self.folder.glob("renode-*/robot_port"):
                text = file.read_text().strip()
                if text.isdecimal():
                    return int(text)
            if self._process.poll() is not None:
                raise CrosscamError(
                    f"{self._executable} ended with status {self._process.returncode} before it was ready:"
                    f" {self.last_words()}; try it by hand: `renode --console`"
                )
            time.sleep(_POLL_SECONDS)
        raise CrosscamError(
            f"{self._executable} was not ready after {seconds:.0f} s: {self.last_words()}; "
            "try it by hand: `renode --console`"
        )

    def last_words(self) -> str:
        """The last line it printed."""
        self._output.flush()
        text = (self.folder / "output.txt").read_text(errors="replace").strip() if self.folder.exists() else ""
        return text.splitlines()[-1] if text else "it printed nothing"

    def keyword(self, name: str, *arguments: object) -> object:
        """Call one of Renode's Robot keywords.

        Raises:
            CrosscamError: the keyword failed (with Renode's words), or Renode ended or did not answer in time.
        """
        try:
            answer = self._server.run_keyword(name, list(arguments))
        except xmlrpc.client.Fault as fault:
            raise CrosscamError(f"Renode: {name}: {fault.faultString}") from None
        except TimeoutError:
            raise CrosscamError(
                f"Renode did not finish {name} {arguments} within {self._command_seconds:.0f} s; it was ended"
            ) from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            status = self._process.poll()
            state = "still runs" if status is None else f"ended with status {status}"
            raise CrosscamError(f"Renode did not answer {name} ({error}); it {state}: {self.last_words()}") from None
        assert isinstance(answer, dict)
        if answer.get("status") != "PASS":
            message = " ".join(str(answer.get("error", "no reason given")).split())
            raise CrosscamError(f"Renode: {message}")
        result: object = answer.get("return", "")
        return result

    def execute(self, command: str) -> str:
        """Run one monitor command; what it prints. CrosscamError as ``keyword``."""
        return str(self.keyword("ExecuteCommand", command))

    def suspend(self) -> None:
        """Stop its threads: between two commands Renode keeps a core of the host busy."""
        os.killpg(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after ``suspend``."""
        os.killpg(self._process.pid, signal.SIGCONT)

    def close(self) -> None:
        """End Renode (interrupt, then kill) and remove its files; may be called again."""
        atexit.unregister(self.close)
        for number in (signal.SIGCONT, signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._process.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(0 if number == signal.SIGCONT else END_SECONDS)
        # A wrapper script may have gone before what it started.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._output.close()
        shutil.rmtree(self.folder, ignore_errors=True)
