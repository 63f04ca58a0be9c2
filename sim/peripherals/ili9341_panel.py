# ruff: noqa: F821, UP004, UP031
"""What an ILI9341 keeps and what its glass shows (part of ili9341.py; IronPython 2.7 subset).

Source: ILI9341 datasheet V1.11; section numbers stand where a rule is used. A pixel of the memory (240 columns, 320
pages) is three bytes, each in a plane of its own: the two of a 16-bit pixel and MARK, or red, green and blue, six bits
each at the top of their byte, of an 18-bit one. What they look like is worked out when somebody looks.
"""

from operator import or_

COLUMNS, PAGES = 240, 320
MX, MY, MV, BGR = 0x40, 0x80, 0x20, 0x08  # of MADCTL
MARK = 1  # set in the third plane of 16-bit pixels; an 18-bit blue has nothing there

# Widened to 8 bits: a 5-bit channel becomes 6 bits by its top bit repeated (EPF = 00, 8.3 "Interface Control"), the
# glass' 6 bits become the picture's 8 by their top two.
SIX = [value << 2 | value >> 4 for value in range(64)]
FIVE = [SIX[value << 1 | value >> 4] for value in range(32)]
RED_OF_FIRST = bytearray([FIVE[byte >> 3] for byte in range(256)])
BLUE_OF_SECOND = bytearray([FIVE[byte & 31] for byte in range(256)])


class Panel(object):
    """Memory, address pointer and what decides how the memory is shown."""

    def __init__(self):
        self.planes = [bytearray(COLUMNS * PAGES) for _ in range(3)]
        self.power_on()

    def power_on(self):
        """Power-on and hardware reset: what a software reset leaves alone, too (8.2.29, 8.2.33)."""
        self.madctl, self.pixel_format = 0, 0x66
        self.software_reset()

    def software_reset(self):
        """Sleep in, display off, normal mode; the memory keeps its content (8.2.2)."""
        self.sleeping, self.on, self.inverted, self.idle = True, False, False, False
        self.partial, self.scroll = None, None
        self.scroll_area = (0, PAGES)  # first line that scrolls, lines that do
        self.partial_area = (0, PAGES - 1)
        self.ignores_overrun = False
        self.mirrored, self.reversed = 0, False  # source and gate direction, REV
        exchanged = self.madctl & MV
        self.columns = (0, PAGES - 1 if exchanged else COLUMNS - 1)
        self.pages = (0, COLUMNS - 1 if exchanged else PAGES - 1)
        self.rewind()

    # The address pointer (9.3)

    def rewind(self):
        """To the start of the window."""
        self.x, self.y, self.full, self.rest = self.columns[0], self.pages[0], False, bytearray()

    def place(self, x, y):
        """Index of a pixel and the step to the next in its row: MADCTL's MX, MY, MV (9.3, table of pointers)."""
        column, page = (y, x) if self.madctl & MV else (x, y)
        if self.madctl & MX:
            column = COLUMNS - 1 - column
        if self.madctl & MY:
            page = PAGES - 1 - page
        if self.madctl & MV:
            step = -COLUMNS if self.madctl & MY else COLUMNS
        else:
            step = -1 if self.madctl & MX else 1
        return page * COLUMNS + column, step

    def write_pixels(self, data):
        """Bytes of RAMWR; how often the window was filled meanwhile."""
        size = 2 if self.pixel_format & 7 == 5 else 3
        data = self.rest + data if self.rest else data
        count = len(data) // size
        self.rest = data[count * size :]
        if size == 2:
            parts = (data[0 : 2 * count : 2], data[1 : 2 * count : 2], None)
        else:
            parts = [data[part : 3 * count : 3].translate(UPPER_SIX) for part in range(3)]
        filled, done = 0, 0
        while done < count and not (self.full and self.ignores_overrun):
            run = min(count - done, self.columns[1] - self.x + 1)
            self.store(run, parts, done)
            done += run
            filled += self.advance(run)
        return filled

    def store(self, run, parts, start):
        """A run of pixels from the pointer on; what lies outside of the memory is nowhere (8.2.20)."""
        width, height = (PAGES, COLUMNS) if self.madctl & MV else (COLUMNS, PAGES)
        run = min(run, width - self.x)
        if run <= 0 or self.y >= height:
            return
        first, step = self.place(self.x, self.y)
        end = first + step * run
        end = None if end < 0 else end
        for plane, part in zip(self.planes, parts):  # noqa: B905
            plane[first:end:step] = MARKS[:run] if part is None else part[start : start + run]

    def advance(self, run):
        """The pointer after `run` pixels of a row; 1 where that was the window's last."""
        self.x += run
        if self.x <= self.columns[1]:
            return 0
        self.x, self.y = self.columns[0], self.y + 1
        if self.y <= self.pages[1]:
            return 0
        self.y, self.full = self.pages[0], True
        return 1

    def read_pixel(self):
        """The three bytes of RAMRD at the pointer, which goes on: six bits a channel, whatever was written (8.2.24)."""
        width, height = (PAGES, COLUMNS) if self.madctl & MV else (COLUMNS, PAGES)
        answer = [0, 0, 0]
        if self.x < width and self.y < height:
            at = self.place(self.x, self.y)[0]
            answer = [value & 0xFC for value in self.colour(at)]
        self.advance(1)
        return answer

    def colour(self, at):
        """Red, green and blue of a pixel of the memory, 8 bits each."""
        first, second, third = [plane[at] for plane in self.planes]
        if third & MARK:
            return [RED_OF_FIRST[first], SIX[(first & 7) << 3 | second >> 5], BLUE_OF_SECOND[second]]
        return [SIX[first >> 2], SIX[second >> 2], SIX[third >> 2]]

    def frozen(self):
        """A copy that later writes do not change."""
        other = Panel()
        other.__dict__.update(self.__dict__)
        other.planes = [bytearray(plane) for plane in self.planes]
        return other

    # The glass

    def colours(self):
        """Three planes of 8 bits: the whole memory in red, green and blue."""
        first, second, third = self.planes
        if third.count(MARKS[:1]) < len(third):
            if not any(third) and not any(first) and not any(second):
                return [bytearray(len(third)) for _ in range(3)]
            pixels = [self.colour(at) for at in range(len(third))]
            return [bytearray([pixel[channel] for pixel in pixels]) for channel in range(3)]
        green = bytearray(map(or_, first.translate(GREEN_OF_FIRST), second.translate(GREEN_OF_SECOND)))
        return [first.translate(RED_OF_FIRST), green.translate(GREEN), second.translate(BLUE_OF_SECOND)]

    def line_shown(self, line):
        """The page of the memory that a line of the glass shows (8.2.26, 8.2.30); None: a line outside of the partial
        area, which stays dark."""
        if self.partial is not None:
            first, last = self.partial
            inside = first <= line <= last if first <= last else line >= first or line <= last
            return line if inside else None
        first, lines = self.scroll_area
        if self.scroll is not None and first <= line < first + lines:
            return first + (self.scroll - first + line - first) % lines
        return line

    def picture(self, upright):
        """What people see, rows of red, green, blue from the top left: (width, height, bytes).

        `upright` is the MADCTL by which a picture is upright and in its colours on this glass as it is mounted: with
        it, address (0, 0) is at the top left.
        """
        width, height = (PAGES, COLUMNS) if upright & MV else (COLUMNS, PAGES)
        out = bytearray(3 * width * height)
        if self.sleeping or not self.on:
            return width, height, out
        channels = self.colours()
        if self.idle:
            channels = [channel.translate(TWO_LEVELS) for channel in channels]
        if self.inverted != self.reversed:
            channels = [channel.translate(INVERTED) for channel in channels]
        if (self.madctl ^ upright) & BGR:
            channels.reverse()
        lines = [self.line_shown(line) for line in range(PAGES)]
        if self.mirrored & MY:
            lines.reverse()
        for index, channel in enumerate(channels):
            out[index::3] = self.on_glass(channel, lines, upright)
        return width, height, out

    def on_glass(self, channel, lines, upright):
        """A plane of the memory as it is seen."""
        dark = bytearray(COLUMNS)
        step = -1 if self.mirrored & MX else 1
        rows = [dark if page is None else channel[page * COLUMNS : (page + 1) * COLUMNS][::step] for page in lines]
        if upright & MY:
            rows.reverse()
        if upright & MX:
            rows = [row[::-1] for row in rows]
        plane = bytearray().join(rows)
        if upright & MV:
            plane = bytearray().join([plane[column::COLUMNS] for column in range(COLUMNS)])
        return plane


GREEN = bytearray([SIX[byte & 63] for byte in range(256)])
GREEN_OF_FIRST = bytearray([(byte & 7) << 3 for byte in range(256)])
GREEN_OF_SECOND = bytearray([byte >> 5 for byte in range(256)])
UPPER_SIX = bytearray([byte & 0xFC for byte in range(256)])
TWO_LEVELS = bytearray([255 if byte & 0x80 else 0 for byte in range(256)])
INVERTED = bytearray([255 - byte for byte in range(256)])
MARKS = bytearray([MARK]) * PAGES
