# ruff: noqa: E731, F821, B018, C402, UP004, UP031
"""STM32H743 camera interface (DCMI), a PythonPeripheral script (IronPython 2.7 subset, one file for both engines).

Source: RM0433 chapter "Digital camera interface". Modelled: snapshot and continuous capture, frame rate control, crop
window, byte and line select, extended data modes (the pins above D7 are not wired and read 0), polarities of VSYNC,
HSYNC and PIXCLK, the four-word FIFO, overrun, all interrupts, and the pads: a signal arrives only when one of its pads
is switched to AF13. Not modelled: embedded synchronisation codes (no frame is ever found, one warning) and JPEG mode.

The parallel bus, ControlRead from the camera script; each answers WANT_RUNS and, once a frame, FRAME_TAKEN:
    1  level of the VSYNC pin changed to `value`
    2  a run of pixel clocks has ended: value = bytes | HREF level << 32 | data stable on the rising edge << 33.
       The bytes are fetched eight at a time from the camera (its command 1) and travel on at once: a line is handed
       over when it ends, so software that polls DR by the CPU sees an overrun where a fast loop on the chip may not.
    3  the camera says its Renode path, a letter a call, a 0 first: without a camera no signal ever comes
For the host, ControlRead(command, 0):
    0x10 frames captured   0x11 overruns   0x12 words taken in the last frame   0x13 connected pads (D7..D0, then
    VSYNC, HSYNC, PIXCLK in bits 8..10)

DMA: request line 75 of dmamux1 is pulsed when four words wait. How many words one pulse takes depends on the stream
(one in direct mode, the FIFO threshold otherwise), so the script watches how far the FIFO sank and asks again while as
much is left. If nobody drains it, the next word overruns, as on the chip. Where the engine offers it (crosscam's does,
Renode does not) and nothing could come out differently, a line goes to the stream in one piece.
"""

try:
    on_access
except NameError:
    CR, SR, RIS, IER, MIS, ICR, ESCR, ESUR, CWSTRT, CWSIZE, DR = range(0, 0x2C, 4)
    WRITABLE = {CR: 0x001F4FFF, IER: 0x1F, ESCR: 0xFFFFFFFF, ESUR: 0xFFFFFFFF, CWSTRT: 0x1FFF3FFF, CWSIZE: 0x3FFF3FFF}

    CAPTURE, SNAPSHOT, CROP, ESS = 1 << 0, 1 << 1, 1 << 2, 1 << 4
    PCKPOL, HSPOL, VSPOL, ENABLE, OEBS, LSM, OELS = 1 << 5, 1 << 6, 1 << 7, 1 << 14, 1 << 18, 1 << 19, 1 << 20
    EDM, BSM = 3 << 10, 3 << 16
    FRAME_IRQ, OVERRUN_IRQ, VSYNC_IRQ, LINE_IRQ = 1 << 0, 1 << 1, 1 << 3, 1 << 4

    NVIC_LINE = 78
    DMA_REQUEST = 75
    FIFO_WORDS = 4

    # Bus commands and answers; ov7670.py holds the same numbers.
    VSYNC_LEVEL, RUN, CAMERA = 1, 2, 3
    WANT_RUNS, FRAME_TAKEN = 1, 2
    CAMERA_PIXELS, CAMERA_BEAM, CAMERA_WAKE, CAMERA_BLOCK = 1, 2, 0, 3

    # Pads that carry each signal as AF13, as (port letter, pin): STM32H743 datasheet, alternate functions.
    VSYNC_BIT, HSYNC_BIT, PIXCLK_BIT = 1 << 8, 1 << 9, 1 << 10
    PADS = (
        (1 << 0, "A9 C6 H9"),
        (1 << 1, "A10 C7 H10"),
        (1 << 2, "C8 E0 G10 H11"),
        (1 << 3, "C9 E1 G11 H12"),
        (1 << 4, "C11 E4 H14"),
        (1 << 5, "B6 D3 I4"),
        (1 << 6, "B8 E5 I6"),
        (1 << 7, "B9 E6 I7"),
        (VSYNC_BIT, "B7 G9 I5"),
        (HSYNC_BIT, "A4 H8"),
        (PIXCLK_BIT, "A6"),
    )
    GPIO_BASE = 0x58020000
    GPIO_STEP = 0x400
    DCMI_FUNCTION = 13
    DATA_REGISTER = 0x48020028

    peripheral = self
    parts = {}
    fifo = []
    camera_letters = []  # of the path of the camera on the bus

    def part(name):
        """The device at a Renode path, looked up once (not before all devices exist)."""
        if name not in parts:
            parts[name] = peripheral.GetMachine()[name]
        return parts[name]

    def camera():
        """The camera on the bus; None where there is none."""
        return part("".join(camera_letters)) if camera_letters else None

    def complain(text):
        peripheral.ErrorLog(text.replace("{", "(").replace("}", ")"))  # .NET would take braces for a format

    class Dcmi(object):
        """Registers and the state of the capture."""

        def __init__(self):
            self.frames = 0
            self.overruns = 0
            self.irq = False
            self.reset()

        def reset(self):
            """RCC reset or power-on: registers to 0, nothing captured, interrupt line low."""
            del fifo[:]
            self.registers = dict((offset, 0) for offset in WRITABLE)
            self.raw = 0
            self.update_irq()
            self.vsync_level = None
            self.capturing = False
            self.closing = False
            self.skip = 0
            self.line = 0
            self.words = 0
            self.unit = 0
            self.partial = []
            self.pads = 0
            self.noise = 1
            self.last_byte = 0

        # Registers

        def read(self, offset):
            """A 32-bit register, without side effects on the capture (DR is served in on_access)."""
            if offset == SR:
                return self.status()
            if offset == RIS:
                return self.raw
            if offset == MIS:
                return self.raw & self.registers[IER]
            if offset == ICR:
                return 0
            if offset in self.registers:
                return self.registers[offset]
            peripheral.WarningLog("read of unknown DCMI offset 0x%X" % offset)
            return 0

        def status(self):
            """SR: HSYNC and VSYNC with the programmed polarity (1 = between lines, between frames), FIFO not empty."""
            cr = self.registers[CR]
            levels = int(camera().ControlRead(CAMERA_BEAM, 0)) if camera_letters else 0
            hsync = 1 if ((levels >> 1) & 1) == (1 if cr & HSPOL else 0) else 0
            vsync = 1 if (levels & 1) == (1 if cr & VSPOL else 0) else 0
            return hsync | vsync << 1 | (4 if fifo else 0)

        def write(self, offset, value):
            if offset == CR:
                self.write_control(value & WRITABLE[CR])
            elif offset == ICR:
                self.raw &= ~value & 0x1F
                self.update_irq()
            elif offset in WRITABLE:
                self.registers[offset] = value & WRITABLE[offset]
                self.update_irq()
            else:
                peripheral.WarningLog("write of 0x%X to unknown or read-only DCMI offset 0x%X" % (value, offset))

        def write_control(self, value):
            old = self.registers[CR]
            if not value & ENABLE:
                self.capturing = self.closing = False
                del fifo[:]
                self.partial = []
            elif self.capturing and not value & CAPTURE:
                # RM0433: cleared during a capture, CAPTURE takes effect when the frame has ended.
                self.closing = True
                value |= CAPTURE
            elif value & CAPTURE:
                self.closing = False
            if value & ESS and not old & ESS:
                peripheral.WarningLog("embedded synchronisation is not modelled; no frame will be found")
            self.registers[CR] = value
            if value & CAPTURE and not old & CAPTURE:
                self.skip = 0
                if camera_letters:
                    camera().ControlRead(CAMERA_WAKE, 0)

        def raise_flags(self, flags):
            self.raw |= flags
            self.update_irq()

        def update_irq(self):
            level = bool(self.raw & self.registers[IER])
            if level != self.irq:
                self.irq = level
                part("sysbus.nvic").OnGPIO(NVIC_LINE, level)

        # The parallel bus

        def connected_pads(self):
            """Bit mask of the signals that reach the DCMI through a pad in AF13."""
            bus = peripheral.GetMachine().SystemBus
            modes = {}
            mask = 0
            for signal, names in PADS:
                for name in names.split():
                    pin = int(name[1:])
                    base = GPIO_BASE + (ord(name[0]) - ord("A")) * GPIO_STEP
                    if base not in modes:
                        modes[base] = int(bus.ReadDoubleWord(base))
                    if (modes[base] >> (2 * pin)) & 3 == 2:
                        function = int(bus.ReadDoubleWord(base + 0x20 + pin // 8 * 4)) >> (pin % 8 * 4)
                        if function & 15 == DCMI_FUNCTION:
                            mask |= signal
            return mask

        def wants_runs(self):
            cr = self.registers[CR]
            line_watch = cr & ENABLE and self.registers[IER] & LINE_IRQ
            return WANT_RUNS if self.capturing or line_watch else 0

        def on_vsync(self, level):
            """An edge of the VSYNC pin: frame end when it becomes active, frame start when it goes inactive."""
            cr = self.registers[CR]
            old = self.vsync_level
            self.vsync_level = level
            if not cr & ENABLE or cr & ESS or level == old:
                return 0
            self.pads = self.connected_pads()
            if not self.pads & VSYNC_BIT or not self.pads & PIXCLK_BIT:
                return 0
            taken = 0
            if level == (1 if cr & VSPOL else 0):
                self.raise_flags(VSYNC_IRQ)
                if self.capturing:
                    taken = self.end_frame()
            else:
                self.start_frame(cr)
            return self.wants_runs() | taken

        def start_frame(self, cr):
            if not cr & CAPTURE:
                return
            if not cr & SNAPSHOT:
                # FCRC: all frames, every second, every fourth; the first one after CAPTURE was set counts.
                skipped = self.skip
                self.skip = (skipped + 1) % (1, 2, 4, 1)[(cr >> 8) & 3]
                if skipped:
                    return
            self.capturing = True
            self.line = 0
            self.words = 0
            self.unit = 0
            self.partial = []
            self.last_byte = 0
            del fifo[:]

        def end_frame(self):
            """The frame (or the crop window) is complete; an empty one counts for the interrupt, not as taken."""
            self.capturing = False
            if self.registers[CR] & SNAPSHOT or self.closing:
                self.registers[CR] &= ~CAPTURE
            self.closing = False
            self.raise_flags(FRAME_IRQ)
            if not self.words:
                return 0
            self.frames += 1
            return FRAME_TAKEN

        def on_run(self, count, level, rising):
            """`count` bytes went by while HREF had `level`; they are data when that is not the blanking level."""
            cr = self.registers[CR]
            if not self.pads & HSYNC_BIT:
                level = 0
            if not cr & ENABLE or level == (1 if cr & HSPOL else 0):
                return self.wants_runs()
            taken = 0
            if self.capturing:
                self.take_line(cr, count, rising == (1 if cr & PCKPOL else 0))
                if self.capturing and cr & CROP and self.line > self.last_crop_line():
                    taken = self.end_frame()
            self.raise_flags(LINE_IRQ)
            return self.wants_runs() | taken

        def last_crop_line(self):
            return ((self.registers[CWSTRT] >> 16) & 0x1FFF) + ((self.registers[CWSIZE] >> 16) & 0x3FFF)

        def take_line(self, cr, count, clean):
            line = self.line
            self.line += 1
            straight = clean and not cr & (CROP | EDM | BSM | LSM) and not self.partial and count % 4 == 0
            if straight and self.pads & 0xFF == 0xFF:
                self.take_words(count // 4)
            else:
                if cr & CROP:
                    first = (self.registers[CWSTRT] >> 16) & 0x1FFF
                    if not first <= line <= self.last_crop_line():
                        return
                    line -= first
                if cr & LSM and (line & 1) != (1 if cr & OELS else 0):
                    return
                self.take_bytes(self.select_bytes(cr, self.fetch(count), clean))
            if self.capturing and 0 < self.unit <= len(fifo):
                self.ask_dma()

        def take_words(self, left):
            """The straight way: eight bits wide, everything captured, whole words."""
            if self.take_block(left):
                return
            pull = camera().ControlRead
            while left > 0:
                value = int(pull(CAMERA_PIXELS, 0))
                if not self.push(value & 0xFFFFFFFF) or (left > 1 and not self.push(value >> 32)):
                    return
                left -= 2

        def take_block(self, count):
            """`count` words at once; False where they have to go one by one."""
            read = getattr(camera(), "ControlReadBlock", None)
            burst = getattr(part("sysbus.dmamux1"), "Burst", None)
            if read is None or burst is None or fifo or count % FIFO_WORDS:
                return False
            data = read(CAMERA_BLOCK)
            if len(data) != 4 * count:
                return False
            unit = burst(DMA_REQUEST, DATA_REGISTER, data, 4 * FIFO_WORDS)
            if unit:
                self.words += count
                self.unit = unit
            return unit > 0

        def fetch(self, count):
            pull = camera().ControlRead
            data = []
            while len(data) < count:
                value = int(pull(CAMERA_PIXELS, 0))
                for shift in range(0, 64, 8):
                    data.append((value >> shift) & 0xFF)
            return data[:count]

        def select_bytes(self, cr, data, clean):
            """What of a line's samples reaches the packing register."""
            if not clean:
                data = self.sample_at_wrong_edge(data)
            if self.pads & 0xFF != 0xFF:
                data = [byte & self.pads & 0xFF for byte in data]
            if cr & CROP:
                start = self.registers[CWSTRT] & 0x3FFF
                data = data[start : start + (self.registers[CWSIZE] & 0x3FFF) + 1]
            if cr & EDM:
                # 10, 12 and 14 bits wide: a sample is a half-word; the pins above D7 are not wired here.
                return [half for byte in data for half in (byte, 0)]
            select = (cr >> 16) & 3
            second = 1 if cr & OEBS else 0
            if select == 1:
                return data[second::2]
            if select == 2:
                return data[second::4]
            if select == 3:
                return [byte for index, byte in enumerate(data) if (index >> 1) & 1 == second]
            return data

        def sample_at_wrong_edge(self, data):
            """The bus changes on this edge: bits that differ from the byte before are caught old or new, at random."""
            out = []
            for byte in data:
                self.noise = (self.noise * 1664525 + 1013904223) & 0xFFFFFFFF
                old = self.noise >> 24
                out.append((self.last_byte & old) | (byte & ~old))
                self.last_byte = byte
            return out

        def take_bytes(self, data):
            data = self.partial + data
            whole = len(data) // 4 * 4
            self.partial = data[whole:]
            for index in range(0, whole, 4):
                word = data[index] | data[index + 1] << 8 | data[index + 2] << 16 | data[index + 3] << 24
                if not self.push(word):
                    return

        # FIFO and DMA

        def push(self, word):
            """One word into the FIFO; False when it overran (then: FIFO reset, frame lost, wait for a frame start)."""
            if len(fifo) >= FIFO_WORDS:
                self.overruns += 1
                self.capturing = self.closing = False
                self.partial = []
                del fifo[:]
                if self.registers[CR] & SNAPSHOT:
                    self.registers[CR] &= ~CAPTURE
                self.raise_flags(OVERRUN_IRQ)
                return False
            fifo.append(word)
            self.words += 1
            if len(fifo) == FIFO_WORDS:
                self.ask_dma()
            return True

        def ask_dma(self):
            mux = part("sysbus.dmamux1")
            while True:
                before = len(fifo)
                mux.OnGPIO(DMA_REQUEST, True)
                mux.OnGPIO(DMA_REQUEST, False)
                self.unit = before - len(fifo)
                if self.unit <= 0 or len(fifo) < self.unit:
                    return

        def on_command(self, command, value):
            if command == RUN:
                return self.on_run(value & 0xFFFFFFFF, (value >> 32) & 1, (value >> 33) & 1)
            if command == VSYNC_LEVEL:
                return self.on_vsync(value & 1)
            if command == CAMERA:
                camera_letters[:] = camera_letters + [chr(value)] if value else []
                return 0
            if command == 0x10:
                return self.frames
            if command == 0x11:
                return self.overruns
            if command == 0x12:
                return self.words
            if command == 0x13:
                return self.connected_pads()
            peripheral.WarningLog("unknown DCMI command 0x%X" % command)
            return 0

    dcmi = Dcmi()

    def serve(request):
        """All but the reading of DR. A nested access overwrites `request`, so it is read first and answered last."""
        offset = int(request.Offset)
        if request.IsInit:
            dcmi.reset()
        elif request.IsUser:
            request.Value = dcmi.on_command(offset, int(request.Value))
        elif request.IsRead:
            request.Value = dcmi.read(offset & ~3) >> (offset & 3) * 8
        elif request.IsWrite:
            value = int(request.Value)
            length = int(request.Length)
            if length < 4:
                shift = (offset & 3) * 8
                mask = ((1 << length * 8) - 1) << shift
                rest = 0 if offset & ~3 == ICR else dcmi.read(offset & ~3) & ~mask
                value = rest | (value << shift) & mask
            dcmi.write(offset & ~3, value & 0xFFFFFFFF)

    def on_access(request):
        try:
            if request.IsRead and request.Offset == 0x28:
                request.Value = fifo.pop(0) if fifo else 0
            else:
                serve(request)
        except Exception as problem:  # an exception that leaves the script ends Renode
            complain("DCMI script: %s: %s" % (type(problem).__name__, problem))

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
