"""What has to hold of every linked image: vectors, places of buffers and code. Needs a build (`make firmware`)."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import capstone
import pytest
from elftools.elf.elffile import ELFFile

IMAGES = sorted((Path(__file__).parents[2] / "build").glob("*/crosscam.elf"))
FLASH = range(0x08000000, 0x08200000)
DTCM = range(0x20000000, 0x20020000)
AXI_SRAM = range(0x24000000, 0x24080000)
SRAM1_TO_3 = range(0x30000000, 0x30048000)
SRAM4 = range(0x38000000, 0x38010000)
RESERVED_INTERRUPTS = {42, 64, 65, 66, 67, 123, 126, 147, 148}


class Image:
    """An ELF file, its sections and symbols."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("rb")
        self.elf = ELFFile(self._stream)
        table = self.elf.get_section_by_name(".symtab")
        self.symbols = {symbol.name: symbol for symbol in table.iter_symbols()}

    def section(self, name: str) -> tuple[int, int, bytes]:
        """Address, size and content."""
        section = self.elf.get_section_by_name(name)
        return section["sh_addr"], section["sh_size"], section.data()

    def words(self, name: str) -> tuple[int, ...]:
        content = self.section(name)[2]
        return struct.unpack(f"<{len(content) // 4}I", content)

    def place(self, name: str) -> tuple[int, int]:
        """Address and size of a variable."""
        return self.symbols[name]["st_value"], self.symbols[name]["st_size"]


@pytest.fixture(params=IMAGES or [None], ids=lambda path: path.parent.name if path else "none")
def image(request: pytest.FixtureRequest) -> Image:
    if request.param is None:
        pytest.skip("no firmware was built")
    return Image(request.param)


def test_vector_table_is_complete_and_first_in_flash(image: Image) -> None:
    assert image.section(".vectors")[0] == FLASH.start
    stack, reset, *rest = image.words(".vectors")
    assert stack in DTCM and stack % 8 == 0
    assert reset == image.symbols["reset_handler"]["st_value"]
    interrupts = rest[14:]
    assert len(interrupts) == 150
    for number, handler in enumerate(interrupts):
        if number in RESERVED_INTERRUPTS:
            assert handler == 0
        else:
            assert handler & ~1 in FLASH and handler & 1, f"interrupt {number}"


@pytest.mark.parametrize(("number", "name"), [(35, "spi1"), (39, "usart3"), (57, "dma2_stream1"), (78, "dcmi")])
def test_drivers_own_their_interrupts(image: Image, number: int, name: str) -> None:
    own = image.symbols[f"{name}_irq_handler"]["st_value"]
    assert image.words(".vectors")[16 + number] == own
    assert own != image.words(".vectors")[16], "still the one for unexpected interrupts"


@pytest.mark.parametrize("name", ["dma2_stream1", "dcmi"])
def test_handlers_that_clear_a_flag_end_with_a_barrier(image: Image, name: str) -> None:
    """Else the core may leave the handler before the device has seen the write, and come back for nothing."""
    address, size = image.place(f"{name}_irq_handler")
    start, _, content = image.section(".text")
    code = content[(address & ~1) - start :][:size]
    names = [
        each.mnemonic for each in capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB).disasm(code, address & ~1)
    ]
    assert "dsb" in names[-8:], names


def test_frame_buffers_are_where_the_dma_reaches_on_lines_of_their_own(image: Image) -> None:
    address, size = image.place("frame_buffers")
    assert size == 2 * 153600
    assert address % 32 == 0 and size % 32 == 0
    assert address in AXI_SRAM and address + size - 1 in AXI_SRAM
    address, size = image.place("last_buffer")
    assert size == 153600 and address % 32 == 0
    assert address in SRAM1_TO_3 and address + size - 1 in SRAM1_TO_3


def test_stack_is_at_the_bottom_of_dtcm(image: Image) -> None:
    assert image.symbols["stack_guard"]["st_value"] == DTCM.start
    assert image.symbols["stack_bottom"]["st_value"] == DTCM.start + 256, "what region 7 of mpu.c keeps free"
    assert image.words(".vectors")[0] == image.symbols["stack_top"]["st_value"]


def test_nothing_lies_at_address_zero(image: Image) -> None:
    assert image.section(".itcm_text")[0] >= 0x40


def test_loadable_content_lies_in_flash_only(image: Image) -> None:
    for segment in image.elf.iter_segments("PT_LOAD"):
        if segment["p_filesz"]:
            assert segment["p_paddr"] in FLASH
        else:
            assert segment["p_paddr"] == segment["p_vaddr"] not in FLASH


def test_the_seal_is_the_crc_of_all_that_lies_in_flash(image: Image) -> None:
    flash = {
        segment["p_paddr"]: segment.data() for segment in image.elf.iter_segments("PT_LOAD") if segment["p_filesz"]
    }
    content = b"".join(flash[address] for address in sorted(flash))
    assert content[-4:] == struct.pack("<I", zlib.crc32(content[:-4]))
    assert image.symbols["flash_end"]["st_value"] == FLASH.start + len(content)


def test_the_fault_record_is_left_alone_by_loaders(image: Image) -> None:
    assert image.section(".ram_d3")[0] in SRAM4
    assert not [segment for segment in image.elf.iter_segments("PT_LOAD") if segment["p_vaddr"] in SRAM4]


def test_no_floating_point_emulation_is_linked(image: Image) -> None:
    assert not [name for name in image.symbols if name.startswith(("__aeabi_d", "__aeabi_f", "__adddf", "__addsf"))]
