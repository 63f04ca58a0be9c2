"""The one exception a user's bad input may raise inside ``sim``."""

from __future__ import annotations

from sim.text import LONGEST_MESSAGE, printable

_LONGEST_WORDS = 2 * LONGEST_MESSAGE


class CrosscamError(Exception):
    """Bad input: its text is one line that names what, where, what was expected and what to do.

    The command line prints the text and exits with status 2; nothing else may turn it into a traceback. Whatever names
    and values the line quotes, it stays one line of at most ``LONGEST_MESSAGE`` characters that a terminal can show.

    Args:
        text: the line.
        renode: Renode's words for the same error (``sim.engine.wording``), where the line goes without them; only
            Robot keywords show them, for suites that wait for these words.
    """

    def __init__(self, text: str = "", *, renode: str = "") -> None:
        super().__init__(shown(text, LONGEST_MESSAGE))
        self.renode = shown(renode, _LONGEST_WORDS)

    def within(self, where: str) -> CrosscamError:
        """The same error, with ``where`` before its line."""
        return CrosscamError(f"{where}: {self}" if where else str(self), renode=self.renode)


def shown(value: object, longest: int = 60) -> str:
    """``value`` for a message: one line of at most ``longest`` characters, of which the middle is left out, nothing in
    it that a terminal would obey."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 128:
        return f"a number of {value.bit_length()} bits"
    text = str(value)
    if len(text) > 4 * longest:  # before what takes time for each character
        text = text[: 2 * longest] + text[-2 * longest :]
    return printable(text, longest)
