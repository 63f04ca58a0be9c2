"""Layout of what the two halves of the cortex-m4 clock share beyond ``block_layout.py``."""

from __future__ import annotations

# Slots of the clock's own array.
ACCELERATOR = 6  # what FLASH_ACR switches on: CODE_CACHE | DATA_CACHE | PREFETCH
WAIT_STATES = 13  # of the flash
WORD_SHIFT = 14  # of what a read of the flash gives
LINE_SHIFT = 15  # of what one tag of the caches stands for
CODE_WORD = 16  # word of the flash the core fetches from, plus 1: 0 none
DATA_WORD = 17  # word of the flash that was read last for data
PREFETCHED = 18  # word in the prefetch buffer, or on its way there
PREFETCHED_AT = 19  # when that is there
FLASH_FREE = 20  # when the flash can read its next word
NOW_USED = 21  # counts looks into the caches: what is least recently used
CODE_LINES = 22  # pointer to (line, valid words, last use), a line of the cache each
CODE_LINE_COUNT = 23
CODE_PLACES = 24  # pointer to 1 + the place of each line of the flash in the cache
DATA_LINES = 34
DATA_LINE_COUNT = 35
DATA_PLACES = 37
FLASH_BASE = 38
FLASH_SIZE = 39

CODE_CACHE, DATA_CACHE, PREFETCH = 1, 2, 4
LINE, VALID, USED = range(3)  # words of a line of a cache
LINE_WORDS = 3
IS_FLASH, READ_WAIT, ENTER, SHARED = range(4)  # words of a memory's record, see m4_chip.Memory
QUEUE_BYTES = 12  # the prefetch unit fetches so far ahead (three words)
DATA_LEAD = 1  # cycles that data of the flash come earlier than its wait states say, see docs/timing.md
BESIDE_ANY = 16  # of a page of the data map, beside the memory's number
