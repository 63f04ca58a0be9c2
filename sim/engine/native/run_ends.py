"""What a run of the core ends with: Unicorn's errors (``Engine.run``), and the numbers of exceptions it reports."""

from __future__ import annotations

from typing import Final

from unicorn import unicorn_const as uc

# In ``shared.INTERRUPT``: QEMU's exception numbers for ARM.
SUPERVISOR_CALL: Final = 2
PREFETCH_ABORT: Final = 3
DATA_ABORT: Final = 4
BREAKPOINT: Final = 7
EXCEPTION_EXIT: Final = 8
NO_COPROCESSOR: Final = 17
UNALIGNED: Final = 22

INVALID_INSTRUCTION: Final = uc.UC_ERR_INSN_INVALID
READ_UNMAPPED: Final = uc.UC_ERR_READ_UNMAPPED
WRITE_UNMAPPED: Final = uc.UC_ERR_WRITE_UNMAPPED
FETCH_UNMAPPED: Final = uc.UC_ERR_FETCH_UNMAPPED
READ_PROTECTED: Final = uc.UC_ERR_READ_PROT
WRITE_PROTECTED: Final = uc.UC_ERR_WRITE_PROT
FETCH_PROTECTED: Final = uc.UC_ERR_FETCH_PROT
