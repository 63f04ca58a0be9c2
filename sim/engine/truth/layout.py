"""Where things lie in what Python and the native rules of board truth share, and what their bits mean."""

from __future__ import annotations

from sim.engine.native.shared import LINE_SHIFT, PAGE_SHIFT

# Slots of a memory's record, an int64 array. Pointers are to one item a line but where another thing is said.
STATE = 0  # pointer to the engine's state; 0 where none is (tests of the model alone)
FIRST = 1  # first address
END = 2  # the address behind the last one
HOST = 3  # pointer to the memory itself in this process
MAIN = 4  # pointer to what main memory holds
HELD = 5  # pointer to what the cache holds where STALE, and of dirty lines that accesses go past
LINES = 6  # pointer to bytes: the line's bits below
WRITTEN = 7  # pointers to uint32
STALE = 8
STICKY = 9
LOST = 10
LOST_BY = 11  # pointer to uint32: the instruction that invalidated a line with LOST bytes
PAGES = 12  # pointer to PAGE_WORDS int64 a page
PAGE_BITS = 13  # pointer to one byte a page
FN_REPORT = 14  # Python's callback(pc, address, what, detail)
LOOKUPS = 15  # pointer to Unicorn's tables of pages it has looked up (lookups.py); 0: not known
LOOKUP_COUNT = 16  # how many tables

KINDS = 3  # UNCLEANED, OVER, LOST_READ
FOUND = 17  # from here on, by kind: the first address at which a master's access found it, 0: nowhere
PAGE_POLICY = FOUND + KINDS  # pointer to one byte a page: POLICY of its lines until it is KNOWN
SLOTS = PAGE_POLICY + 1

# Bits of a line: what the cache may do, and what it does. TOLD: that it is dirty over a DMA's data.
CACHEABLE, WRITE_BACK, ALLOCATE, CACHED, DIRTY, TOLD = 1, 2, 4, 8, 16, 32
POLICY = CACHEABLE | WRITE_BACK | ALLOCATE

# Words of a page: accesses that taught nothing until it is let go, reads to be seen until it is QUIET.
LEFT, READS, PAGE_WORDS = 0, 1, 2
FIRST_READS = 1024  # of a page that has become watched
NEXT_READS = 32  # at least, after each write of a master, and of the core to a QUIET page
TROUBLED_READS = 4096  # of a page with STALE or LOST bytes

# Bits of a page. SEEN: every write comes to the hook, and every read too unless it is QUIET. KNOWN: something is kept
# of its lines; until somebody comes to it a page costs no memory here. PATIENT: it has had its TROUBLED_READS.
SEEN, QUIET, GATED, KNOWN, PATIENT = 1, 2, 4, 8, 16

# What is reported while the core accesses a page (``detail`` in brackets).
REPORT_STALE = 1
REPORT_OVER = 2  # the core wrote into a line whose other bytes a DMA has overwritten
REPORT_LOST = 3  # [instruction that invalidated it]
REPORT_HOT = 4
REPORT_AWAKE = 5  # reads of the page are to be seen again
REPORT_CODE = 6  # code was written [bytes]
REPORT_GATED = 7  # [1 a write]
REPORT_INVALIDATED = 8  # LOST bytes in a page that is not watched

# What ``master_reads`` and ``master_writes`` answer: bits, the first KINDS of which also number the slots from FOUND
# on. NEW_STALE: the pages have to be watched. AWAKE: Unicorn has to be made to show reads of them.
UNCLEANED, OVER, LOST_READ, NEW_STALE, AWAKE = 1, 2, 4, 8, 16

# Cache maintenance (ARMv7-M B2.2.7) by the offset of its register in the private peripheral bus.
DCIMVAC, DCISW, DCCMVAU, DCCMVAC, DCCSW, DCCIMVAC, DCCISW = 0xEF5C, 0xEF60, 0xEF64, 0xEF68, 0xEF6C, 0xEF70, 0xEF74
CLEAN, INVALIDATE = 1, 2

# A cache: count of memories, sets, ways, then for each operation the pointer to the ways done (uint32 a set), then the
# records of the memories.
CACHE_COUNT, CACHE_SETS, CACHE_WAYS, CACHE_DONE, CACHE_RECORDS = 0, 1, 2, 3, 6
MOST_MEMORIES = 24

LINE = 1 << LINE_SHIFT
LINES_A_PAGE = 1 << (PAGE_SHIFT - LINE_SHIFT)
