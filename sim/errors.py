"""The one exception a user's bad input may raise inside ``sim``."""

from __future__ import annotations


class CrosscamError(Exception):
    """Bad input: its text is one line that names what, where, what was expected and what to do.

    The command line prints the text and exits with status 2; nothing else may turn it into a traceback.
    """
