# ruff: noqa: B905, F821, UP004
"""How the OV7670's registers shape a frame (part of ov7670.py; IronPython 2.7 subset).

Sources: OV7670/OV7171 datasheet 1.4 and implementation guide 1.0; where these are silent, the window settings of
published drivers. A wrong register gives the wrong picture: format, byte order, size, scaling, window, mirror, test
patterns and the clocks of the scaler and of the bus come from here. The photograph stands for what leaves the image
processor, so exposure, white balance, gamma, matrix, brightness and contrast change nothing. Needs `scene`.

Bytes a line: the array gives one pixel a clock. Down-sampling (DCW) makes one of 2, 4 or 8, the scaler's clock
(SCALING_PCLK_DIV) takes every second, fourth ... of them; the bus clock (COM14) takes a byte whenever it ticks. Where
it is as slow as the pixels come, bytes stay in order, down-sampled or not; else they repeat or go missing.
"""

VREF, COM3, COM7, COM10 = 0x03, 0x0C, 0x12, 0x15
HSTART, HSTOP, VSTRT, VSTOP, MVFP = 0x17, 0x18, 0x19, 0x1A, 0x1E
EXHCH, EXHCL, ADVFL, ADVFH, HREF, TSLB, COM13 = 0x2A, 0x2B, 0x2D, 0x2E, 0x32, 0x3A, 0x3D
COM14, COM15, COM17, SCALING_XSC, SCALING_YSC = 0x3E, 0x40, 0x42, 0x70, 0x71
DCWCTR, PCLK_DIV, RGB444, DM_LNL, DM_LNH = 0x72, 0x73, 0x8C, 0x92, 0x93

# Frame timing, datasheet figure "VGA frame timing"; tp is two pixel clocks.
LINE_TP, FRAME_LINES, VSYNC_LINES, FIRST_LINE = 784, 510, 3, 20

# HSTART and VSTRT at which the picture begins, and its extent in those units: the windows with which published
# drivers get a whole picture. Only these give it whole here too; others shift it and let black in.
WINDOWS = {
    "vga": (158, 10, 640, 480),
    "qvga": (168, 12, 640, 480),
    "scaled": (180, 10, 640, 480),
    "cif": (170, 14, 704, 480),
    "qcif": (456, 14, 352, 480),
}
UNIT = 96  # scaling steps are counted in 1/96 of a pixel: whole numbers for 1/32 (zoom) and 1/3 (CIF)
# White, yellow, cyan, green, magenta, red, blue, black.
BARS = [(255 * (bar >> 1 & 1), 255 * (bar >> 2), 255 * (bar & 1)) for bar in (7, 6, 5, 4, 3, 2, 1, 0)]

# RGB formats: where red, green and blue lie in the half-word, how many bits red and blue, and green, lose.
PACKING = {"565": (11, 5, 0, 3, 2), "555": (10, 5, 0, 3, 3), "xrgb": (8, 4, 0, 4, 4), "rgbx": (12, 8, 4, 4, 4)}


class Picture(object):
    """How the registers shape a frame: taken at its start, then asked line by line for the bytes on the bus."""

    def __init__(self, registers):
        self.line_tp = LINE_TP + ((registers[EXHCH] >> 4) << 8 | registers[EXHCL])
        dummy_lines = (registers[ADVFH] << 8 | registers[ADVFL]) + (registers[DM_LNH] << 8 | registers[DM_LNL])
        self.total_lines = FRAME_LINES + dummy_lines
        self.choose_size(registers)
        self.choose_format(registers)

    def choose_size(self, registers):
        com3, com7, com14 = registers[COM3], registers[COM7], registers[COM14]
        step_x = step_y = UNIT
        down = self.scaler_divider = self.pclk_divider = 1
        name = "vga"
        if com14 & 0x08:
            # Manual scaling: the sizes of COM7 are off, DCW and zoom are set by hand.
            if com3 & 0x04:
                name = "scaled"
                down = 1 << (registers[DCWCTR] & 3)
                step_x, step_y = UNIT * down, UNIT << (registers[DCWCTR] >> 4 & 3)
            if com3 & 0x08:
                step_x = step_x * max(registers[SCALING_XSC] & 0x7F, 0x20) // 0x20
                step_y = step_y * max(registers[SCALING_YSC] & 0x7F, 0x20) // 0x20
            if com14 & 0x10:
                name = "scaled"
                self.pclk_divider = 1 << min(com14 & 7, 4)
                bypassed = registers[PCLK_DIV] & 0x08
                self.scaler_divider = 1 if bypassed else 1 << min(registers[PCLK_DIV] & 7, 4)
        elif com7 & 0x38:
            down = self.pclk_divider = self.scaler_divider = 2
            name = "cif" if com7 & 0x20 else "qvga" if com7 & 0x10 else "qcif"
            step_x, step_y = UNIT * 2, UNIT * {"cif": 5, "qvga": 6, "qcif": 10}[name] // 3
        self.place_window(registers, WINDOWS[name], step_x, step_y)
        # Clocks a pixel: DCW gives one in `down`, the scaler's clock lets one in `scaler_divider` through.
        self.pixel_clocks = max(down, self.scaler_divider)
        self.pixels = self.width * down // self.pixel_clocks
        columns = [pixel * self.scaler_divider // down for pixel in range(self.pixels)]
        self.columns = [self.source_x(column) for column in columns]

    def place_window(self, registers, field, step_x, step_y):
        """HSTART, HSTOP, VSTRT, VSTOP with HREF and VREF: the part of the array that goes out."""
        start = registers[HSTART] << 3 | registers[HREF] & 7
        stop = registers[HSTOP] << 3 | registers[HREF] >> 3 & 7
        first = registers[VSTRT] << 2 | registers[VREF] & 3
        last = registers[VSTOP] << 2 | registers[VREF] >> 2 & 3
        self.step_x, self.step_y = step_x, step_y
        left, top, self.field_width, self.field_height = field
        self.x0, self.y0 = start - left, first - top
        # Published settings let HSTOP lie past the end of the line, where counting goes on from 0.
        self.span_tp = (stop - start) % LINE_TP
        self.width = self.span_tp * UNIT // step_x
        self.first_line = max(FIRST_LINE + self.y0, VSYNC_LINES)
        room = (self.total_lines - self.first_line) * UNIT // step_y
        self.height = max(0, min((last - first) * UNIT // step_y, room))
        self.mirror, self.flip = registers[MVFP] & 0x20, registers[MVFP] & 0x10

    def source_x(self, column):
        """Column of the photograph behind output column `column`; -1 where there is none."""
        x = (self.x0 + column * self.step_x // UNIT) * scene.width // self.field_width
        if not 0 <= x < scene.width:
            return -1
        return scene.width - 1 - x if self.mirror else x

    def source_y(self, line):
        y = (self.y0 + line * self.step_y // UNIT) * scene.height // self.field_height
        if not 0 <= y < scene.height:
            return -1
        return scene.height - 1 - y if self.flip else y

    def choose_format(self, registers):
        com7, com15 = registers[COM7], registers[COM15]
        # The two scaler bits form a number, XSC[7] the low one, as drivers in use have it.
        pattern = registers[SCALING_XSC] >> 7 | registers[SCALING_YSC] >> 7 << 1
        self.bars = ("", "walking", "bars", "fading")[pattern]
        if not pattern:
            self.bars = "bars" if registers[COM17] & 0x08 else "overlay" if com7 & 0x02 else ""
        self.negative = registers[TSLB] & 0x20
        self.low, self.high = ((0x10, 0xF0), (0x10, 0xF0), (0x01, 0xFE), (0x00, 0xFF))[com15 >> 6]
        self.swap = registers[COM3] & 0x40
        if com7 & 0x01:
            self.format = "bayer"
        elif not com7 & 0x04:
            self.format = ("yuyv", "yvyu", "uyvy", "vyuy")[registers[TSLB] >> 2 & 2 | registers[COM13] & 1]
        elif not com15 & 0x10:
            self.format = "grb"
        elif registers[RGB444] & 0x02:
            self.format = "rgbx" if registers[RGB444] & 0x01 else "xrgb"
        else:
            self.format = "555" if com15 & 0x20 else "565"
        own = self.pixels * (1 if self.format == "bayer" else 2)
        self.bytes_per_line = own * self.pixel_clocks // self.pclk_divider
        # The usual case, a photograph as it is, has a short way.
        plain = self.format == "565" and not self.bars and not self.negative and self.high == 0xFF
        plain = plain and self.pclk_divider == self.pixel_clocks
        self.straight = plain and self.columns == list(range(scene.width))

    def line_block(self, line):
        """An output line as the bytes on the bus."""
        y = self.source_y(line)
        if not self.straight or y < 0:
            return bytearray(self.line_bytes(line, y))
        data = scene.row(y)
        if not self.swap:
            data[0::2], data[1::2] = data[1::2], data[0::2]
        return data

    def line_chunks(self, line):
        """The same as 8-byte little-endian numbers (first byte on the bus lowest), the last one first."""
        data = self.line_block(line)
        data += bytearray(-len(data) % 8)
        row = [low | high << 8 for low, high in zip(data[0::2], data[1::2])]
        quads = zip(row[0::4], row[1::4], row[2::4], row[3::4])
        return [a | b << 16 | c << 32 | d << 48 for a, b, c, d in quads][::-1]

    def line_bytes(self, line, y):
        if self.bars == "walking":
            data = [1 << (index & 7) for index in range(self.pixels * 2)]
        else:
            data = self.encode(self.line_colours(line, y), line)
        if self.swap and self.format != "bayer":
            data[0::2], data[1::2] = data[1::2], data[0::2]
        if self.pclk_divider == self.pixel_clocks:
            return data
        return [data[index * self.pclk_divider // self.pixel_clocks] for index in range(self.bytes_per_line)]

    def line_colours(self, line, y):
        """(red, green, blue) of 8 bits for each output pixel."""
        row = scene.row(y) if y >= 0 else []
        colours = []
        for column, x in enumerate(self.columns):
            value = row[2 * x] | row[2 * x + 1] << 8 if row and x >= 0 else 0
            red, green, blue = value >> 11, value >> 5 & 63, value & 31
            colour = (red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2)
            if self.bars:
                bar = BARS[min(column * 8 // self.pixels, 7)]
                if self.bars == "fading":
                    bar = [channel + (128 - channel) * line // self.height for channel in bar]
                elif self.bars == "overlay":
                    bar = [(ours + theirs) // 2 for ours, theirs in zip(bar, colour)]
                colour = bar
            if self.negative:
                colour = [255 - channel for channel in colour]
            colours.append([min(max(channel, self.low), self.high) for channel in colour])
        return colours

    def encode(self, colours, line):
        """Bus bytes of a line, first byte first, before the MSB/LSB swap of COM3."""
        if self.format == "bayer":  # B G / G R
            other = 2 if line % 2 == 0 else 0
            return [colour[1 if (column + line) % 2 else other] for column, colour in enumerate(colours)]
        if self.format == "grb":  # GRB 4:2:2
            pairs = [(colour[1], colour[column % 2 * 2]) for column, colour in enumerate(colours)]
        elif self.format[0] in "yuv":
            pairs = self.encode_yuv(colours)
        else:
            red_at, green_at, blue_at, red_cut, green_cut = PACKING[self.format]
            values = [
                red >> red_cut << red_at | green >> green_cut << green_at | blue >> red_cut << blue_at
                for red, green, blue in colours
            ]
            pairs = [(value >> 8, value & 0xFF) for value in values]
        return [byte for pair in pairs for byte in pair]

    def encode_yuv(self, colours):
        """BT.601, 4:2:2; the chroma of a pair is that of its first pixel."""
        pairs, chroma = [], [0, 0]
        for column, (red, green, blue) in enumerate(colours):
            luma = (77 * red + 150 * green + 29 * blue) >> 8
            if not column & 1:
                chroma = [(128 * blue - 43 * red - 85 * green) >> 8, (128 * red - 107 * green - 21 * blue) >> 8]
                if self.format in ("yvyu", "vyuy"):
                    chroma.reverse()
            side = chroma[column & 1] + 128
            pairs.append((luma, side) if self.format[0] == "y" else (side, luma))
        return pairs

    def line_number(self, line):
        """Line period in which output line `line` goes out; between them the array scans lines that are dropped."""
        return self.first_line + line * self.step_y // UNIT
