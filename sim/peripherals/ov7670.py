# ruff: noqa: E731, F821, B018, B905, PTH118, UP004, UP031
"""OmniVision OV7670 camera, a PythonPeripheral script (IronPython 2.7 subset, one file for both engines).

Sources: OV7670/OV7171 datasheet 1.4 (registers, reset values, frame timing) and implementation guide 1.0; where these
are silent, the window settings of published drivers. The board gives it two faces: `sysbus.ov7670` (this script; the
window itself is unused, ControlRead is the door) and `sysbus.i2c1.ov7670sccb` (Mocks.DummyI2CSlave at 0x21).

It looks at the photographs of a frame folder (`frames.json`, RGB565) that the environment variable CROSSCAM_FRAMES
names when the script is initialised. "advance": "capture" shows the next one once the DCMI has taken the current one
whole, "vsync" at every frame. "order": "shuffle" is the permutation that sim/frames/order.py gives for the seed.

The camera works only while its XCLK runs (MCO1 in RCC, PA8 as AF0), RESET# (PG2) is not low and PWDN (PG3) not high.
One that is off cannot refuse an address through the mock I2C slave: it drops writes and its registers read 0.

A wrong register gives the wrong picture: format, byte order, size, scaling, window, mirror, test patterns, polarities
and clock come from the registers at every frame start. The photograph stands for what leaves the image processor, so
the registers of exposure, white balance, gamma, matrix, brightness and contrast are kept but change nothing. Not
modelled: HSYNC in place of HREF (COM10[6]), CCIR656 codes, the automatic window of TSLB[0], output drive and tri-state.

ControlRead(command, value), the parallel bus, used by dcmi.py:
    0x00 wake: look at clock and pins again    0x01 the next 8 bytes of the run that has just ended
    0x02 pin levels now: VSYNC | HREF << 1     0x03 the run as a block (crosscam's engine, ControlReadBlock)
For the host (an index that does not exist reads 0xFFFFFFFF):
    0x10 photographs captured so far           0x11 index (in frames.json) of the value-th captured, 0 = first
    0x12 index of the photograph in view       0x13 rewind: first photograph, empty log
    0x14 photographs in the folder             0x15 XCLK in Hz (0: off)
    0x16 frame period in ns (0: no video)      0x17 register `value`
    0x18 read the folder again and rewind
"""

try:
    on_access
except NameError:
    import json
    import os

    from Antmicro.Renode.Time import TimeInterval
    from System import Environment
    from System.IO import File

    # Bus commands and answers; dcmi.py holds the same numbers.
    WAKE, PIXELS, BEAM, BLOCK = 0, 1, 2, 3
    DCMI_VSYNC_LEVEL, DCMI_RUN = 1, 2
    WANT_RUNS, FRAME_TAKEN = 1, 2
    NOTHING = 0xFFFFFFFF

    VREF, COM2, PID, VER, COM3, CLKRC, COM7, COM10 = 0x03, 0x09, 0x0A, 0x0B, 0x0C, 0x11, 0x12, 0x15
    HSTART, HSTOP, VSTRT, VSTOP, MIDH, MIDL, MVFP = 0x17, 0x18, 0x19, 0x1A, 0x1C, 0x1D, 0x1E
    EXHCH, EXHCL, ADVFL, ADVFH, HREF, TSLB, COM13 = 0x2A, 0x2B, 0x2D, 0x2E, 0x32, 0x3A, 0x3D
    COM14, COM15, COM17, DBLV, SCALING_XSC, SCALING_YSC = 0x3E, 0x40, 0x42, 0x6B, 0x70, 0x71
    DCWCTR, PCLK_DIV, RGB444, DM_LNL, DM_LNH = 0x72, 0x73, 0x8C, 0x92, 0x93
    READ_ONLY = (PID, VER, MIDH, MIDL)

    # Reset values that are not 0 (datasheet, register list); the reserved ones that it does not give read 0.
    RESET_VALUES = (
        "01:80 02:80 09:01 0A:76 0B:73 0E:01 0F:43 10:40 11:80 13:8F 14:4A 17:11 18:61 19:03 1A:7B 1C:7F 1D:A2 1E:01 "
        "20:04 21:02 22:01 24:75 25:63 26:D4 27:80 28:80 2C:80 30:08 31:30 32:80 33:08 34:11 37:3F 38:01 3A:0D 3C:68 "
        "3D:88 40:C0 41:08 43:14 44:F0 45:45 46:61 47:51 48:79 4F:40 50:34 51:0C 52:17 53:29 54:40 56:40 57:80 58:1E "
        "64:50 65:30 67:80 68:80 6B:0A 6C:02 6D:55 6E:C0 6F:9A 70:3A 71:35 72:11 75:0F 76:01 77:10 7A:24 7B:04 7C:07 "
        "7D:10 7E:28 7F:36 80:44 81:52 82:60 83:6C 84:78 85:8C 86:9E 87:BB 88:D2 89:E5 94:50 95:50 9D:99 9E:7F 9F:C0 "
        "A0:90 A1:03 A2:02 A5:0F A6:F0 A7:C1 A8:F0 A9:C1 AA:14 AB:0F AD:80 AE:80 AF:80 B3:80 B5:04 C9:C0"
    )

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

    RCC, GPIOA, GPIOG, RESET_PIN, PWDN_PIN = 0x58024400, 0x58020000, 0x58021800, 2, 3
    HSI_HZ, LSE_HZ, HSE_HZ, HSI48_HZ, CSI_HZ = 64000000, 32768, 8000000, 48000000, 4000000
    XCLK_RANGE, GIGA = (10000000, 48000000), 1000000000

    peripheral = self
    parts = {}
    run = []  # picture and line of the run on the bus, until chunks are made of it
    chunks = []  # what is left of the run, 8 bytes each, the next one last
    hooked = []

    def part(name):
        """The device at a Renode path, looked up once (not before all devices exist)."""
        if name not in parts:
            parts[name] = peripheral.GetMachine()[name]
        return parts[name]

    def complain(text):
        peripheral.ErrorLog(text.replace("{", "(").replace("}", ")"))  # .NET would take braces for a format

    def guarded(action):
        """`action` as a callback from which no exception escapes: one that leaves a script ends Renode."""

        def run(*arguments):
            try:
                action(*arguments)
            except Exception as problem:
                complain("OV7670 script: %s: %s" % (type(problem).__name__, problem))

        return run

    def now():  # virtual time in ns
        return int(peripheral.GetMachine().ElapsedVirtualTime.TimeElapsed.TotalNanoseconds)

    def word(address):
        return int(peripheral.GetMachine().SystemBus.ReadDoubleWord(address))

    def mco1_hz():
        """Frequency at PA8 from RCC and GPIOA, 0 when the clock or the pin is off (RM0433: RCC_CFGR, PLL1)."""
        control, config = word(RCC), word(RCC + 0x10)
        divider, source = config >> 18 & 15, config >> 22 & 7
        if not divider or word(GPIOA) >> 16 & 3 != 2 or word(GPIOA + 0x24) & 15:
            return 0
        hsi = HSI_HZ >> (control >> 3 & 3) if control & 1 else 0
        hse = HSE_HZ if control >> 16 & 1 else 0
        if source != 3:
            hsi48 = HSI48_HZ if control >> 12 & 1 else 0
            return (hsi, LSE_HZ, hse, 0, hsi48, 0, 0, 0)[source] // divider
        select, enables, factors = word(RCC + 0x28), word(RCC + 0x2C), word(RCC + 0x30)
        prescaler = select >> 4 & 0x3F
        if not control >> 24 & 1 or not prescaler or not enables >> 17 & 1:
            return 0
        reference = (hsi, CSI_HZ if control >> 7 & 1 else 0, hse, 0)[select & 3]
        fraction = word(RCC + 0x34) >> 3 & 0x1FFF if enables & 1 else 0
        multiplier = ((factors & 0x1FF) + 1) * 8192 + fraction
        return reference * multiplier // (8192 * prescaler * ((factors >> 16 & 0x7F) + 1) * divider)

    class Scene(object):
        """The photographs in front of the lens."""

        def load_folder(self):
            self.folder = str(Environment.GetEnvironmentVariable("CROSSCAM_FRAMES") or "")
            self.files, self.order, self.width, self.height = [], [], 0, 0
            self.advance, self.loop, self.loaded = "capture", True, None
            if self.folder:
                try:
                    self.read_list()
                except Exception as problem:
                    self.files, self.order = [], []
                    complain("no frames from %s: %s" % (self.folder, problem))
            self.rewind()

        def read_list(self):
            data = bytearray(File.ReadAllBytes(os.path.join(self.folder, "frames.json")))
            listing = json.loads("".join([chr(byte) for byte in data]))
            self.width, self.height = int(listing["width"]), int(listing["height"])
            self.files = [str(frame["file"]) for frame in listing["frames"]]
            if listing["format"] != "rgb565le" or not self.files or self.width < 1 or self.height < 1:
                raise ValueError("frames.json: expected format rgb565le, a size and at least one frame")
            self.advance, self.loop = listing.get("advance", "capture"), bool(listing.get("loop", True))
            self.order = list(range(len(self.files)))
            if listing.get("order") == "shuffle":
                self.shuffle(int(listing.get("seed", 0)))

        def shuffle(self, seed):
            """Fisher-Yates with a 32-bit linear congruential generator, as in sim/frames/order.py."""
            state = seed & 0xFFFFFFFF
            for last in range(len(self.order) - 1, 0, -1):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                other = (state >> 16) * (last + 1) >> 16
                self.order[last], self.order[other] = self.order[other], self.order[last]

        def rewind(self):
            self.position, self.captured = 0, []

        def index(self):
            return self.order[self.position] if self.order else NOTHING

        def next(self):
            """The next photograph; without "loop" the last one stays."""
            if self.position + 1 < len(self.order):
                self.position += 1
            elif self.loop:
                self.position = 0

        def row(self, line):
            """`width` RGB565 values of a row of the photograph in view, low byte first."""
            if self.index() != self.loaded:
                self.loaded = self.index()
                self.load(os.path.join(self.folder, self.files[self.loaded]))
            return self.data[line * self.width * 2 : (line + 1) * self.width * 2]

        def load(self, path):
            self.data = bytearray(self.width * self.height * 2)
            try:
                data = bytearray(File.ReadAllBytes(path))
                if len(data) != len(self.data):
                    raise ValueError("%d bytes, expected %d" % (len(data), len(self.data)))
                self.data = data
            except Exception as problem:
                complain("frame %s: %s" % (path, problem))

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
            down = dsp_divider = self.pclk_divider = 1
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
                    self.pclk_divider = 1 << min(com14 & 7, 4)
                    dsp_divider = 1 if registers[PCLK_DIV] & 0x08 else 1 << min(registers[PCLK_DIV] & 7, 4)
            elif com7 & 0x38:
                down = self.pclk_divider = dsp_divider = 2
                name = "cif" if com7 & 0x20 else "qvga" if com7 & 0x10 else "qcif"
                step_x, step_y = UNIT * 2, UNIT * {"cif": 5, "qvga": 6, "qcif": 10}[name] // 3
            self.place_window(registers, WINDOWS[name], step_x, step_y)
            # The scaler runs on every `dsp_divider`-th pixel and the bus clock at 1/`pclk_divider`: right only when
            # both equal the horizontal down-sampling, else columns or bytes repeat or go missing.
            columns = [column * dsp_divider // down for column in range(self.width)]
            self.columns = [self.source_x(column) for column in columns]
            self.down = down

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
            own = self.width * (1 if self.format == "bayer" else 2)
            self.bytes_per_line = own * self.down // self.pclk_divider
            # The usual case, a photograph as it is, has a short way.
            plain = self.format == "565" and not self.bars and not self.negative and self.high == 0xFF
            plain = plain and self.pclk_divider == self.down
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
                data = [1 << (index & 7) for index in range(self.width * 2)]
            else:
                data = self.encode(self.line_colours(line, y), line)
            if self.swap and self.format != "bayer":
                data[0::2], data[1::2] = data[1::2], data[0::2]
            if self.pclk_divider == self.down:
                return data
            return [data[index * self.pclk_divider // self.down] for index in range(self.bytes_per_line)]

        def line_colours(self, line, y):
            """(red, green, blue) of 8 bits for each output pixel."""
            row = scene.row(y) if y >= 0 else []
            colours = []
            for column, x in enumerate(self.columns):
                value = row[2 * x] | row[2 * x + 1] << 8 if row and x >= 0 else 0
                red, green, blue = value >> 11, value >> 5 & 63, value & 31
                colour = (red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2)
                if self.bars:
                    bar = BARS[min(column * 8 // self.width, 7)]
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

    class Sensor(object):
        """Registers, SCCB and the scanning beam."""

        def __init__(self):
            self.generation = 0  # of the video: what older generations have scheduled is void

        def power_on(self):
            self.reset_registers()
            self.address, self.stopped = 0, True
            self.streaming, self.picture = False, None
            self.xclk = self.clock = 0
            self.frame_taken = False
            self.generation += 1

        def reset_registers(self):
            self.registers = [0] * 256
            for pair in RESET_VALUES.split():
                register, value = pair.split(":")
                self.registers[int(register, 16)] = int(value, 16)

        def refresh(self):
            """Look at XCLK and the two pins; start or stop the video. True while SCCB answers."""
            xclk = mco1_hz()
            if xclk != self.xclk and xclk and not XCLK_RANGE[0] <= xclk <= XCLK_RANGE[1]:
                peripheral.WarningLog("XCLK is %d Hz, the OV7670 wants 10 to 48 MHz" % xclk)
            self.xclk = xclk
            modes, levels = word(GPIOG), word(GPIOG + 0x14)
            held = modes >> 2 * RESET_PIN & 3 == 1 and not levels >> RESET_PIN & 1
            down = modes >> 2 * PWDN_PIN & 3 == 1 and levels >> PWDN_PIN & 1
            if held:
                self.reset_registers()
            awake = bool(xclk) and not held and not down
            # Pixel clock at full size: XCLK times PLL (DBLV) over the prescaler, unless CLKRC[6] goes round that.
            clock = xclk * (1, 4, 6, 8)[self.registers[DBLV] >> 6]
            self.clock = clock if self.registers[CLKRC] & 0x40 else clock // ((self.registers[CLKRC] & 0x3F) + 1)
            video = awake and not self.registers[COM2] & 0x10
            if video != self.streaming:
                self.streaming = video
                self.start_over()
            return awake

        def start_over(self):
            self.generation += 1
            self.picture = None
            if self.streaming:
                self.begin_frame(now(), self.generation)

        # SCCB

        def on_write(self, data):
            """A register address, then values; more than one value go to the registers that follow."""
            data = list(bytearray(data))
            self.stopped = False
            if not self.refresh() or not data:
                return
            self.address = data[0]
            for value in data[1:]:
                if self.address == COM7 and value & 0x80:
                    self.reset_registers()
                    self.start_over()
                elif self.address not in READ_ONLY:
                    self.registers[self.address] = value
                self.address = (self.address + 1) & 0xFF

        def on_read(self, count):
            if not self.refresh():
                return
            if not self.stopped:
                peripheral.DebugLog("read after a repeated START: sensors of this family want a STOP before it")
            for _ in range(int(count)):
                part("sysbus.i2c1.ov7670sccb").EnqueueResponseByte(self.registers[self.address])
                self.address = (self.address + 1) & 0xFF

        def on_stop(self):
            self.stopped = True
            self.refresh()  # what was written may have changed clock or sleep

        # The beam

        def line_time(self, lines):
            """Virtual time in ns at which `lines` line periods of this frame are over."""
            return self.start + lines * self.picture.line_tp * 2 * GIGA // self.frame_clock

        def at(self, time, action, *arguments):
            delay = TimeInterval.FromNanoseconds(max(time - now(), 1))
            peripheral.GetMachine().ScheduleAction(delay, guarded(lambda _: action(*arguments)))

        def vsync_level(self, active):
            return 1 if active != bool(self.registers[COM10] & 0x02) else 0

        def begin_frame(self, start, generation):
            """Leading edge of VSYNC: the frame before is over, the registers of the next one count from here."""
            if generation != self.generation:
                return
            answer = int(part("sysbus.dcmi").ControlRead(DCMI_VSYNC_LEVEL, self.vsync_level(True)))
            taken = self.frame_taken or answer & FRAME_TAKEN
            self.frame_taken = False
            if taken and scene.files:
                scene.captured.append(scene.index())
            if self.picture if scene.advance == "vsync" else taken:
                scene.next()
            self.refresh()
            if generation != self.generation:
                return
            self.start, self.frame_clock, self.picture = start, self.clock, Picture(self.registers)
            end = self.line_time(self.picture.total_lines)
            self.at(self.line_time(VSYNC_LINES), self.open_frame, generation)
            self.at(end, self.begin_frame, end, generation)

        def open_frame(self, generation):
            """Trailing edge of VSYNC: only now is it known whether anybody wants the lines."""
            if generation == self.generation:
                answer = int(part("sysbus.dcmi").ControlRead(DCMI_VSYNC_LEVEL, self.vsync_level(False)))
                self.next_line(answer, 0, generation)

        def next_line(self, answer, line, generation):
            if answer & WANT_RUNS and line < self.picture.height:
                self.at(self.line_time(self.picture.line_number(line) + 1), self.end_line, line, generation)

        def end_line(self, line, generation):
            """HREF falls: hand the DCMI the blanking before this line and the line itself."""
            if generation != self.generation:
                return
            picture, com10 = self.picture, self.registers[COM10]
            before = picture.line_number(line - 1) + 1 if line else VSYNC_LINES
            gap_tp = (picture.line_number(line) + 1 - before) * picture.line_tp - picture.span_tp
            high = 0 if com10 & 0x08 else 1
            edge = (0 if com10 & 0x10 else 1) << 33
            answer = 0
            if not com10 & 0x20 and gap_tp > 0:
                # With the wrong HSYNC polarity the DCMI takes the blanking for data: the bus is black then.
                clocks = gap_tp * 2 // picture.pclk_divider
                answer = int(part("sysbus.dcmi").ControlRead(DCMI_RUN, clocks | (high ^ 1) << 32 | edge))
            run[:] = [picture, line]
            answer |= int(part("sysbus.dcmi").ControlRead(DCMI_RUN, picture.bytes_per_line | high << 32 | edge))
            run[:], chunks[:] = [], []
            if answer & FRAME_TAKEN:
                self.frame_taken = True
            self.next_line(answer, line + 1, generation)

        def beam(self):
            """Pin levels now: VSYNC | HREF << 1."""
            self.refresh()
            if not self.streaming:
                return 0
            picture = self.picture
            passed_tp = (now() - self.start) * self.frame_clock // (2 * GIGA)
            period, tp = passed_tp // picture.line_tp, passed_tp % picture.line_tp
            line = -((picture.first_line - period) * UNIT // picture.step_y)
            active = 0 <= line < picture.height and picture.line_number(line) == period
            active = active and tp >= picture.line_tp - picture.span_tp
            href = 1 if active != bool(self.registers[COM10] & 0x08) else 0
            return self.vsync_level(period < VSYNC_LINES) | href << 1

        def period(self):
            """Frame period in ns, 0 without video."""
            return self.line_time(self.picture.total_lines) - self.start if self.streaming else 0

    scene = Scene()
    sensor = Sensor()

    COMMANDS = {
        WAKE: lambda value: sensor.refresh(),
        BEAM: lambda value: sensor.beam(),
        0x10: lambda value: len(scene.captured),
        0x11: lambda value: dict(enumerate(scene.captured)).get(value, NOTHING),
        0x12: lambda value: scene.index(),
        0x13: lambda value: scene.rewind(),
        0x14: lambda value: len(scene.files),
        0x15: lambda value: mco1_hz(),
        0x16: lambda value: sensor.period(),
        0x17: lambda value: sensor.registers[value & 0xFF],
        0x18: lambda value: scene.load_folder(),
    }

    def initialise():
        scene.load_folder()
        sensor.power_on()
        if not hooked:
            slave = part("sysbus.i2c1.ov7670sccb")
            slave.DataReceived += guarded(sensor.on_write)
            slave.ReadRequested += guarded(sensor.on_read)
            slave.TransmissionFinished += guarded(sensor.on_stop)
            hooked.append(slave)

    def on_access(request):
        try:
            if request.IsUser:
                if request.Offset == 1:  # PIXELS, the one that must be quick
                    if run:
                        chunks[:], run[:] = run[0].line_chunks(run[1]), []
                    request.Value = chunks.pop() if chunks else 0
                elif request.Offset == BLOCK:
                    request.Block = run[0].line_block(run[1]) if run else bytearray()
                else:
                    # A nested call overwrites `request`: read first, answer last.
                    answer = COMMANDS[int(request.Offset)](int(request.Value))
                    request.Value = int(answer or 0)
            elif request.IsInit:
                initialise()
        except Exception as problem:  # an exception that leaves the script ends Renode
            complain("OV7670 script: %s: %s" % (type(problem).__name__, problem))

    if not hasattr(request, "IsRead"):
        on_access_116 = on_access

        class Request160(object):
            """Renode 1.16.0 spelled the fields of a request in lower case."""

            __init__ = lambda view, raw: view.__dict__.update(raw=raw)
            __getattr__ = lambda view, name: getattr(view.raw, name[0].lower() + name[1:])
            __setattr__ = lambda view, name, value: setattr(view.raw, name[0].lower() + name[1:], value)

        def on_access(request):
            on_access_116(Request160(request))


on_access(request)
