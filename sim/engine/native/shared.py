"""The state that native code and Python share: one int64 array, its slots, and what is written into them.

Slots hold numbers, or addresses of memory in this process. Addresses of C functions travel here too, never as
compile-time constants, or machine code kept on disk would be useless in the next process.
"""

from __future__ import annotations

# Slots of the state array.
NOW = 0  # cycles up to the end of the block being run (or exactly now, between runs)
DEADLINE = 1  # a block that would start at or after this cycle is not run
BLOCK_ADDRESS = 2  # block being run
BLOCK_SIZE = 3  # its bytes
BLOCK_START = 4  # cycle at which it started
WATCH = 5  # block flags (below) that matter now
STOPPED = 6  # why the block hook stopped: 0 it did not, else a STOP_ value
INTERRUPT = 7  # number handed to the interrupt hook, -1 when none came
ACCESS_NOW = 8  # cycle of the device access in progress, exact to the instruction
ACCESS_PC = 9  # its instruction
EVENT_REGISTER = 10  # set by SEV
CYCCNT_ON = 11  # DWT: the cycle counter runs with the core clock, and may be read natively
CYCCNT_OFFSET = 12  # DWT: to be added to the cycle to get CYCCNT
CYCCNT_ADDRESS = 13  # DWT: absolute address of the counter
IN_RUN = 14  # 1 while Unicorn runs
TABLE = 15  # pointer to the block table
CODE_PAGES = 16  # pointer to the map of 4 KiB pages that code was run from
FN_EMU_STOP = 17  # uc_emu_stop, uc_reg_read, uc_reg_write
FN_REG_READ = 18
FN_REG_WRITE = 19
FN_PRIVATE_READ = 20  # Python's read callback of the private peripheral bus
FAULT_ADDRESS = 21  # where the last access to nothing went
SCRATCH = 22  # a word for values handed to Unicorn by address
REGION_COUNT = 23
TIMING = 24  # pointer to the state of a clock that needs more than this
REGIONS = 25  # REGION_COUNT times (base, size, host pointer)
MAX_REGIONS = 24
UNALIGNED = REGIONS + 3 * MAX_REGIONS  # the unaligned device access that faults: address, bytes from bit 32
CONTINUE = UNALIGNED + 1  # the next block hook is inside a block already counted: a CONTINUE_ value
NEXT_DEADLINE = CONTINUE + 1  # the deadline from then on
FN_PRIVATE_WRITE = NEXT_DEADLINE + 1  # Python's write callback of the private peripheral bus
MAINTENANCE = FN_PRIVATE_WRITE + 1  # 0, or pointer to the truth's function and its first argument (on_private_write)
STOP_ADDRESS = MAINTENANCE + 1  # the block the deadline stopped before
READ_PAGES = STOP_ADDRESS + 1  # pointers to what to add to an address to read or write there, by page; 0: ask
WRITE_PAGES = READ_PAGES + 1
CORE_REGISTERS = WRITE_PAGES + 1  # where Unicorn keeps r0 .. r15 and the flags in this process
CORE_FLAGS = CORE_REGISTERS + 1
LOOPS = CORE_FLAGS + 1  # pointer to records of native loops (loops), LOOP_WORDS each
FN_MEMCMP = LOOPS + 1
FN_TRAPS = FN_MEMCMP + 1  # traps/native.py: does a block hold an instruction that traps?
FN_TRAP_PROGRAM = FN_TRAPS + 1  # Python's callback for a block's program
TRAP_PROGRAMS = FN_TRAP_PROGRAM + 1  # pointer to the programs' pointers, one for each entry of the table
TRAP_OFFSET = TRAP_PROGRAMS + 1  # the instruction in question, behind BLOCK_ADDRESS
TRAP_SLOTS = TRAP_OFFSET + 1  # what a program computes
ANSWERS = (
    TRAP_SLOTS + 256
)  # MOST_ANSWERS rows of ANSWER_WORDS: what device reads are answered with (sim/engine/polling)
MOST_ANSWERS = 8
TIME_SHOWN = ANSWERS + 8 * MOST_ANSWERS  # 1: the core was told the time natively, or changed its caches, since it was 0
ANSWERED = TIME_SHOWN + 1  # cycle of the last device read that was answered natively
FN_READ_DEVICE = ANSWERED + 1  # answers.py: the same for native loops
FN_MARK = FN_READ_DEVICE + 1  # Python, or 0: the core reads CYCCNT
BLOCK_ENTERED = FN_MARK + 1  # cycle before the block was counted, where BLOCK_START is not that
FN_LOOP_RAN = BLOCK_ENTERED + 1  # native, or 0: who hears of each run of a native loop, and what it is handed
LOOP_LISTENER = FN_LOOP_RAN + 1
TRACE_HASH = LOOP_LISTENER + 1  # of every block so far, where blocks are traced (loops/trace.py)
TRACE_COUNT = TRACE_HASH + 1
HOOKED = TRACE_COUNT + 1  # pointer to rising addresses: the core stops before the blocks that hold them
HOOKED_COUNT = HOOKED + 1
FN_CLOCK_MAINTENANCE = HOOKED_COUNT + 1  # native, f(TIMING, offset, value), or 0: a clock without caches
MPU_TABLE = FN_CLOCK_MAINTENANCE + 1  # pointer to the regions (protection.py), 0 while they do not count
MPU_DENIED = MPU_TABLE + 1  # 1 << 32 | address of the access the MPU has refused, 0 when it was something else
STATE_SIZE = MPU_DENIED + 1

NEVER = (1 << 63) - 1

STOP_DEADLINE = 1
STOP_FLOATING_POINT = 2
STOP_SPLIT = 3  # the code of a block being continued ends elsewhere than the block did
STOP_WATCHPOINT = 7  # before an access that is watched
STOP_COUNTED = 4  # before a block, counted already, that holds a hooked address, or was asked for
STOP_TRAP = 8  # before a block, counted already, with an instruction that may trap (traps)

CONTINUE_WHOLE = 1  # up to the end of the block
CONTINUE_PART = 2  # one instruction
CONTINUE_COUNTED = 3  # no block is being continued: count the next one, and stop before it

# Block flags: bits of WATCH, and of a table entry from bit FLAG_SHIFT.
FLAG_MASKS = 1  # ends with an instruction that may unmask interrupts (CPS, MSR to PRIMASK .. CONTROL)
FLAG_FLOATING_POINT = 2  # holds a floating-point instruction
FLAG_SEND_EVENT = 4  # holds SEV
FLAG_LOOP = 8  # a native loop may be entered here; its number from bit LOOP_SHIFT
FLAG_MULTIPLE = 16  # loads or stores several words, and not at SP
FLAG_DIVIDES = 32
FLAG_ACCESSES = 64  # any other load or store
FLAG_HOOKED = 128  # holds an address of HOOKED
FLAGS_TRAPS = FLAG_MULTIPLE | FLAG_DIVIDES | FLAG_ACCESSES
FLAG_SHIFT = 32
LOOP_SHIFT = 40

# A row of ANSWERS. A counter has moved from its start by ((now - anchor) * numerator + offset) // denominator, down
# where numerator is negative.
ANSWER_KEY = 0  # address | bytes << 32
ANSWER_START = 1
ANSWER_LEFT = 2  # times it may be given
ANSWER_NUMERATOR = 3
ANSWER_DENOMINATOR = 4  # 0: no counter
ANSWER_ANCHOR = 5
ANSWER_UNTIL = 6  # cycle from which on the counter is another
ANSWER_OFFSET = 7
ANSWER_WORDS = 8

# A record of a native loop.
LOOP_FUNCTION = 0  # f(registers, flags, state, entry): the address to go on at
LOOP_ENTRY = 1
LOOP_CODE = 2  # pointer to what it was made from: count, then (code, copy, bytes)
LOOP_RUNS = 3  # of the present window
LOOP_CYCLES = 4
LOOP_DROPS = 5  # times it was given up because it hardly ran
LOOP_TOTAL = 6  # cycles of all runs
LOOP_WORDS = 7
LOOP_WINDOW = 64
LOOP_WORTH = 256  # cycles a run must last on average; to enter and leave takes as long as Unicorn takes for about 150

PRIVATE_BUS_BASE = 0xE0000000
DCIMVAC, DCCISW = 0xEF5C, 0xEF74  # offsets there: first and last register of data cache maintenance
LINE_SHIFT = 5
TABLE_BITS = 16
PAGE_SHIFT = 12
REG_PC = 11  # UC_ARM_REG_PC
REG_EPSR = 121  # UC_ARM_REG_EPSR
