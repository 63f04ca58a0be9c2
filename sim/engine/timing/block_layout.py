"""Layout of what the two halves of a clock that counts by blocks share: slots, records, answers, items."""

from __future__ import annotations

from sim.engine.timing import addresses

# Slots of the clock's own array; those missing here are the clock's: m7_layout.py, m4_layout.py.
BLOCKS = 0  # pointer to the block records
POOL = 1  # pointer to address programs and issue times
EDGES = 2  # pointer to the pipeline's answers
PIPELINE = 3  # number of the pipeline state
PREVIOUS = 4  # record of the block before
PREVIOUS_END = 5  # address behind it
CODE_MAP = 7  # pointer to a byte a 4 KiB page: memory number | cacheability << 4, for instruction fetches
DATA_MAP = 8  # the same for loads and stores
REGISTERS = 9  # pointer to r0..r15
READ_REGISTERS = 10  # function that has to be called to fill them; 0 when they are the core's own
REGISTER_IDS = 11
REGISTER_POINTERS = 12
MEMORIES = 25  # pointer to the memories' records, by memory number
DEVICES = 26  # pointer to (base, end, read, write)
DEVICE_COUNT = 27
FN_BLOCK = 28  # Python: decode a block
FN_EDGE = 29  # Python: run the pipeline
CODE_MISSES = 31
DATA_MISSES = 32
MISPREDICTIONS = 33
BRANCHES = 36
TRAFFIC = 59  # pointer to the bytes read and written, by memory number
SLOT_BASE = 64  # temporaries of address programs
CLOCK_SIZE = SLOT_BASE + addresses.SLOTS

# Words of a block record.
ITEMS = 0  # index of the address program in the pool
ITEM_COUNT = 1
ENDING = 2
BRANCH = 3  # address of the last instruction
ISSUE_TIMES = 4  # index in the pool: for each halfword, cycles before its instruction issues
RUNS = 5
CYCLES = 6  # everything below included
INTERLOCK = 7
FETCH = 8
STORES = 9
CODE_STALL = 10
DATA_STALL = 11
MISPREDICTED = 12
ADDRESS = 13
SIZE = 14
DEVICE_STALL = 15
BLOCK_WORDS = 16

# Words of an item of an address program: the three of addresses.Item, the address, and when it issues.
ISSUED = 4  # first access | (last - first) << 16
ITEM_WORDS = 5

EDGE_BITS = 17
EDGE_PROBES = 8
EDGE_WORDS = 3  # key; cycles | state << 16 | penalty << 40; interlock | fetch << 16 | stores << 32
VARIANT_SHIFT = 38
STATE_BITS = 20
BLOCK_BITS = 17
UC_MEM_WRITE_PROT = 22
BYTES_READ, BYTES_WRITTEN = range(2)  # words of TRAFFIC
TRAFFIC_WORDS = 2
MEMORY_WORDS = 10  # of a memory's record; the clocks say what they are
