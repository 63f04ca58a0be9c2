"""Layout of what the two halves of the cortex-m7 clock share: slots, records, answers, items."""

from __future__ import annotations

from sim.engine.timing import addresses

# Slots of the clock's own array.
BLOCKS = 0  # pointer to the block records
POOL = 1  # pointer to address programs and issue times
EDGES = 2  # pointer to the pipeline's answers
PIPELINE = 3  # number of the pipeline state
PREVIOUS = 4  # record of the block before
PREVIOUS_END = 5  # address behind it
PREVIOUS_PENALTY = 6  # what its last branch costs when mispredicted
CODE_MAP = 7  # pointer to a byte a 4 KiB page: memory number | cacheability << 4, for instruction fetches
DATA_MAP = 8  # the same for loads and stores
REGISTERS = 9  # pointer to r0..r15
READ_REGISTERS = 10  # function that has to be called to fill them; 0 when they are the core's own
REGISTER_IDS = 11
REGISTER_POINTERS = 12
CODE_TAGS = 13
CODE_SETS = 14  # sets - 1
CODE_WAYS = 15
DATA_TAGS = 16
DATA_SETS = 17
DATA_WAYS = 18
LAST_CODE_LINE = 19
BUS_FREE = 20  # cycle at which the AXI master has done its last transfer
RANDOM = 21
BTAC = 22  # pointer to (branch address, target | counter << 32)
BTAC_MASK = 23
REDIRECT = 24
MEMORIES = 25  # pointer to the memories' records, by memory number
DEVICES = 26  # pointer to (base, end, read, write)
DEVICE_COUNT = 27
FN_BLOCK = 28  # Python: decode a block
FN_EDGE = 29  # Python: run the pipeline
LEAST_RECENT = 30  # 1: replace the least recently used way
CODE_MISSES = 31
DATA_MISSES = 32
MISPREDICTIONS = 33
WRITE_STREAK = 34  # line misses of stores in a row, one line after the other
WRITE_LINE = 35
BRANCHES = 36
FILL_LINE = 37  # last line of the data cache that a load brought in, its first part, when that came, its memory
FILL_PART = 38
FILL_TIME = 39
FILL_MEMORY = 40
RETURN_DEPTH = 41  # entries of the return stack, 0 to MOST_RETURNS
RETURN_TOP = 42
RETURNS = 43  # that many slots
MOST_RETURNS = 16  # slots 43 to 58
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

# Words of a memory's record: as in chip.Memory, when it is ready for the next line, and 1 + the number of the word it
# holds (0: none).
FIRST, BEAT, WRITE, FILL, WORD, BUSY, HELD_FIRST, HELD_SHIFT, READY, HELD = range(10)
MEMORY_WORDS = 10

EDGE_BITS = 17
EDGE_PROBES = 8
EDGE_WORDS = 3  # key; cycles | state << 16 | penalty << 40; interlock | fetch << 16 | stores << 32
VARIANT_SHIFT = 38
STATE_BITS = 20
BLOCK_BITS = 17
LINE_SHIFT = 5
DIRTY = 1
WRITE_STREAK_LIMIT = 3
WEAKLY_TAKEN = 2
ENDING_CONDITIONAL, ENDING_CALL, ENDING_INDIRECT, ENDING_RETURN, ENDING_INDIRECT_CALL = 1, 3, 4, 5, 6  # Ending
WRITE_THROUGH = 1  # policies of memory_map.py
WRITE_BACK_ALLOCATE = 3
QUEUE_CREDIT = 2  # cycles that the prefetch queue hides of a line reached in a row from another block
LINE_FETCH = 4  # cycles that 32 bytes take to fetch
WRITE_BUFFER = 4  # writes that wait for the bus before the core does
UC_MEM_WRITE_PROT = 22
BYTES_READ, BYTES_WRITTEN = range(2)  # words of TRAFFIC
TRAFFIC_WORDS = 2
LINE_BYTES = 32
