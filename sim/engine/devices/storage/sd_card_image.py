"""What a memory card holds: an image file and what was written over it."""

from __future__ import annotations

from pathlib import Path

from sim.errors import CrosscamError

BLOCK = 512
"""Bytes of a block, the unit of SD cards."""


class CardImage:
    """``capacity`` bytes: first those of ``file`` (if any), then zeros.

    With ``persistent`` writes go to the file, which grows up to the last byte written; else they are kept here.
    """

    def __init__(self, file: Path | None, capacity: int, persistent: bool) -> None:
        self._file, self.capacity, self._persistent = file, capacity, persistent and file is not None
        self._blocks: dict[int, bytes] = {}

    @staticmethod
    def checked(file: str) -> Path:
        """``file`` as a path, with Renode's words for a path that is no file.

        Raises:
            CrosscamError: it is empty or does not exist.
        """
        if not file:
            raise CrosscamError("No image file provided: expected the path of the card's image")
        path = Path(file)
        if not path.is_file():
            raise CrosscamError(f"Could not find image file '{file}': expected an existing file")
        return path

    def read(self, offset: int, count: int) -> bytes:
        """``count`` bytes from ``offset``; zeros past the end."""
        first, last = offset // BLOCK, (offset + count - 1) // BLOCK
        data = b"".join(self._block(index) for index in range(first, last + 1))
        return data[offset - first * BLOCK :][:count]

    def write(self, offset: int, data: bytes) -> None:
        """``data`` from ``offset`` on; what does not fit is dropped."""
        data = data[: max(0, self.capacity - offset)]
        if not data:
            return
        if self._persistent:
            self._write_file(offset, data)
            return
        first, last = offset // BLOCK, (offset + len(data) - 1) // BLOCK
        whole = bytearray(self.read(first * BLOCK, (last - first + 1) * BLOCK))
        start = offset - first * BLOCK
        whole[start : start + len(data)] = data
        for index in range(first, last + 1):
            self._blocks[index] = bytes(whole[(index - first) * BLOCK :][:BLOCK])

    def erase(self, offset: int, count: int) -> None:
        """Zeros, block by block."""
        for start in range(offset, offset + count, BLOCK):
            if any(self._block(start // BLOCK)):
                self.write(start, bytes(BLOCK))

    def _block(self, index: int) -> bytes:
        written = self._blocks.get(index)
        if written is not None:
            return written
        if self._file is None or (index + 1) * BLOCK > self.capacity:
            return bytes(BLOCK)
        try:
            with self._file.open("rb") as file:
                file.seek(index * BLOCK)
                return file.read(BLOCK).ljust(BLOCK, b"\0")
        except OSError as error:
            raise CrosscamError(f"{self._file}: the card's image cannot be read ({error.strerror})") from error

    def _write_file(self, offset: int, data: bytes) -> None:
        assert self._file is not None
        try:
            with self._file.open("r+b") as file:
                file.seek(offset)
                file.write(data)
        except OSError as error:
            raise CrosscamError(
                f"{self._file}: the card's image cannot be written ({error.strerror}); make the file writable, or the"
                " card not persistent"
            ) from error
