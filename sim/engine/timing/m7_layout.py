"""Layout of what the two halves of the cortex-m7 clock share beyond ``block_layout.py``: its slots, its memories."""

from __future__ import annotations

# Slots of the clock's own array.
PREVIOUS_PENALTY = 6  # what its last branch costs when mispredicted
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
LEAST_RECENT = 30  # 1: replace the least recently used way
WRITE_STREAK = 34  # line misses of stores in a row, one line after the other
WRITE_LINE = 35
FILL_LINE = 37  # last line of the data cache that a load brought in, its first part, when that came, its memory
FILL_PART = 38
FILL_TIME = 39
FILL_MEMORY = 40
RETURN_DEPTH = 41  # entries of the return stack, 0 to MOST_RETURNS
RETURN_TOP = 42
RETURNS = 43  # that many slots
MOST_RETURNS = 16  # slots 43 to 58

# Words of a memory's record: as in chip.Memory, when it is ready for the next line, and 1 + the number of the word it
# holds (0: none).
FIRST, BEAT, WRITE, FILL, WORD, BUSY, HELD_FIRST, HELD_SHIFT, READY, HELD = range(10)

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
LINE_BYTES = 32
