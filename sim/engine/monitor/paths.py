"""Files that commands name: where they are looked for, and where new ones go."""

from __future__ import annotations

from pathlib import Path

from sim.engine.platform.limits import read_limited, renode_folders
from sim.engine.scripting import WorkingDirectory
from sim.engine.wording import NO_SUCH_FILE
from sim.errors import CrosscamError, shown

LARGEST_BINARY = 1 << 28
"""Bytes of a file to load."""
LONGEST_PATH = 4096


class Paths:
    """The folders of one monitor.

    Args:
        directory: the folder scripts have changed to.

    Attributes:
        search: folders of the command ``path``, looked through after the current one.
        base: folder of the commands that stand in no script; None: the current one.
        files: what commands have named and read.
    """

    def __init__(self, directory: WorkingDirectory) -> None:
        self._directory = directory
        self.search: list[Path] = []
        self.base: Path | None = None
        self.files: set[Path] = set()

    @property
    def folders(self) -> list[Path]:
        """Folders for descriptions, besides those beside and above the file that names another."""
        return [*self.search, *renode_folders()]

    def locate(self, text: str, script: str = "") -> Path:
        """``text`` as a path: in the current folder, on the search path, beside the running ``script`` or above it,
        in Renode's folder; if nowhere, as it is. A script from Windows may write ``\\`` between folders.

        Raises:
            CrosscamError: no path can be written so.
        """
        written = as_path(text)
        beside = Path(script).absolute().parent if script else self.base or Path.cwd()
        for wanted in dict.fromkeys((written, Path(str(written).replace("\\", "/")))):
            for folder in (self._directory.path, *self.search, beside, *beside.parents, *renode_folders()):
                try:
                    if (folder / wanted).exists():
                        return folder / wanted
                except OSError:  # a name that is too long, a folder that cannot be looked into
                    continue
        return written

    def existing(self, text: str, script: str = "") -> Path:
        """As ``locate``, but the file must exist; it is kept in ``files``."""
        found = self.locate(text, script)
        try:
            is_file = found.is_file()
        except OSError:
            is_file = False
        if not is_file:
            hint = "download it first and name the copy" if "://" in text else "expected an existing file"
            raise CrosscamError(f"{NO_SUCH_FILE}: {shown(text, 120)}: {hint}")
        self.files.add(found.resolve())
        return found

    def output(self, text: str) -> Path:
        """Where a new file ``text`` goes, absolute.

        Raises:
            CrosscamError: no path can be written so.
        """
        return Path(self._directory.resolve(str(as_path(text))))

    def read_binary(self, text: str, script: str = "") -> bytes:
        """The bytes of an existing file."""
        return read_limited(self.existing(text, script), LARGEST_BINARY)


def as_path(text: str) -> Path:
    """A path a user typed.

    Raises:
        CrosscamError: it is empty, too long, or has characters no path has.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CrosscamError(f"no path: {shown(text)}: expected characters a file name may have") from None
    if not text or "\0" in text or len(text) > LONGEST_PATH:
        raise CrosscamError(f"no path: {shown(text) or 'nothing'}: expected the name of a file")
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no home folder of that user
        return Path(text)
