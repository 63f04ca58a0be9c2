"""The small program of a block: int64 words that ``sites.py`` writes and ``native.py`` reads.

HEADER_WORDS come first, then ITEM_WORDS for each item. Slots 0 to 14 are r0 to r14 at the block's entry, ZERO is 0, the
others are what items have computed.
"""

KEY = 0  # address of the block, and its bytes from bit 32
COUNT = 1  # items
CODE = 2  # pointer to the copy of the code
HEADER_WORDS = 3
ITEM_WORDS = 3  # operation, a, b, shift and target, a byte each; constant; the site's offset in the block

ZERO = 15
FIRST_TEMPORARY = 16
SLOTS = 256

# Operations. The operand is a + (b << shift) + constant, unless said otherwise.
ALIGNED = 1  # the operand has to be a multiple of 1 << target
NOT_ZERO = 2  # the operand has to be anything but 0
ADD = 3
SUBTRACT = 4  # a - (b << shift) + constant
AND = 5  # a & b
OR = 6
MULTIPLY = 7
SHIFT_RIGHT = 8  # a >> shift
SHIFT_RIGHT_SIGNED = 9
LOAD = 10  # a word, half-word (LOAD + 1), byte (+ 2), signed half-word (+ 3), signed byte (+ 4) at the operand
LOADS = {(4, False): 10, (2, False): 11, (1, False): 12, (2, True): 13, (1, True): 14}
