"""Print what an ELF file of this firmware takes of each memory: ``python size.py crosscam.elf``."""

from __future__ import annotations

import sys
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

MEMORIES = (
    ("ITCM", 0x00000000, 64),
    ("flash", 0x08000000, 2048),
    ("DTCM", 0x20000000, 128),
    ("AXI SRAM", 0x24000000, 512),
    ("SRAM1-3", 0x30000000, 288),
    ("SRAM4", 0x38000000, 64),
)


def usage(path: Path) -> dict[str, list[tuple[str, int]]]:
    """Sections of each memory with their bytes; an initialised section counts in flash too, where its image lies."""
    result: dict[str, list[tuple[str, int]]] = {name: [] for name, _, _ in MEMORIES}
    with path.open("rb") as stream:
        for section in ELFFile(stream).iter_sections():
            size = section["sh_size"]
            if not size or not section["sh_flags"] & SH_FLAGS.SHF_ALLOC:
                continue
            for name, start, kib in MEMORIES:
                if start <= section["sh_addr"] < start + kib * 1024:
                    result[name].append((section.name, size))
                    if name != "flash" and section["sh_type"] != "SHT_NOBITS":
                        result["flash"].append((section.name, size))
    return result


def main() -> None:
    """One line a memory: used, size, per cent, sections."""
    used = usage(Path(sys.argv[1]))
    for name, _, kib in MEMORIES:
        total = sum(size for _, size in used[name])
        sections = "  ".join(f"{section} {size}" for section, size in used[name])
        print(f"{name:9} {total:8} of {kib * 1024:8} bytes {100 * total / (kib * 1024):5.1f} %  {sections}")


if __name__ == "__main__":
    main()
