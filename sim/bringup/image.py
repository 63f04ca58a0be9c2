"""Firmware files: ELF, Intel HEX, or a raw image whose address the user gives."""

from __future__ import annotations

from pathlib import Path

from sim.engine.elf import ElfImage
from sim.errors import CrosscamError
from sim.text import printable

ELF_MAGIC = b"\x7fELF"
LARGEST = 1 << 28  # bytes; the largest memories a Cortex-M board has hold less
_END_OF_FILE = 1  # type of the last record
_KINDS = "an ELF, an Intel HEX file or a raw image with --address"


def read_image(path: Path, address: int | None = None) -> ElfImage:
    """What to load where. ``address``: of a raw image's first byte; the other kinds say so themselves.

    Raises:
        CrosscamError: no such file, not what it seems to be, damaged, or a raw image without an address.
    """
    data = _content(path)
    if data.startswith(ELF_MAGIC):
        kind, image = "an ELF", ElfImage.read(path)
    elif _seems_hex(data):
        kind, image = "an Intel HEX file", _read_hex(path, data)
    else:
        if address is None:
            raise CrosscamError(
                f"{path}: neither an ELF nor an Intel HEX file; if it is a raw image, say where it goes: "
                "--address 0x08000000"
            )
        if not 0 <= address <= 0xFFFFFFFF - len(data):
            raise CrosscamError(f"--address 0x{address:X}: {len(data)} bytes from there do not fit 32 bits")
        return ElfImage(path=str(path), entry=address, segments=[(address, data)])
    if address is not None:
        raise CrosscamError(f"{path}: {kind}, which says itself where it goes; leave out --address")
    return image


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise CrosscamError(f"{path}: no plain file; expected {_KINDS}")
        size = path.stat().st_size
        if not 0 < size <= LARGEST:
            raise CrosscamError(f"{path}: {size} bytes, where 1 to {LARGEST >> 20} MiB are due; expected {_KINDS}")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"no firmware at {path} ({reason}): expected {_KINDS}") from None


def _seems_hex(data: bytes) -> bool:
    """The first line begins as a record does."""
    first = data.lstrip()[:9]
    return first.startswith(b":") and all(byte in b"0123456789abcdefABCDEF" for byte in first[1:])


def _read_hex(path: Path, data: bytes) -> ElfImage:
    import bincopy

    lines = [line.strip() for line in data.decode("ascii", "replace").splitlines()]
    file = bincopy.BinFile()
    try:
        file.add_ihex("\n".join(lines))
    except (bincopy.Error, ValueError, IndexError, TypeError) as error:
        raise _hex_error(path, lines, error) from None
    if bincopy.unpack_ihex([line for line in lines if line][-1])[0] != _END_OF_FILE:
        raise CrosscamError(f"{path}: it has no end-of-file record (:00000001FF): expected the whole Intel HEX file")
    segments = [(int(segment.address), bytes(segment.data)) for segment in file.segments]
    if not segments or any(start + len(part) > 1 << 32 for start, part in segments):
        raise CrosscamError(f"{path}: no data in it that 32-bit addresses reach; expected an Intel HEX firmware")
    return ElfImage(path=str(path), entry=file.execution_start_address or 0, segments=segments)


def _hex_error(path: Path, lines: list[str], error: Exception) -> CrosscamError:
    """Names the first record that is none; where all are, they do not fit each other."""
    import bincopy

    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            bincopy.unpack_ihex(line)
        except (bincopy.Error, ValueError, IndexError, TypeError) as problem:
            return CrosscamError(
                f"{path}:{number}: no whole Intel HEX record ({printable(str(problem), 120)}); "
                "expected the file as the linker wrote it"
            )
    return CrosscamError(f"{path}: two records fill the same address ({printable(str(error), 120)})")
