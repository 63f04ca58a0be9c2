"""The one exception a user's bad input may raise inside ``sim``."""

from __future__ import annotations


class CrosscamError(Exception):
    """Bad input: its text is one line that names what, where, what was expected and what to do.

    The command line prints the text and exits with status 2; nothing else may turn it into a traceback.

    Args:
        text: the line.
        renode: Renode's words for the same error (``sim.engine.wording``), where the line goes without them; only
            Robot keywords show them, for suites that wait for these words.
    """

    def __init__(self, text: str = "", *, renode: str = "") -> None:
        super().__init__(text)
        self.renode = renode

    def within(self, where: str) -> CrosscamError:
        """The same error, with ``where`` before its line."""
        return CrosscamError(f"{where}: {self}" if where else str(self), renode=self.renode)
