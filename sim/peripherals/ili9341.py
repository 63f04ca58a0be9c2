# ruff: noqa: E731, F821, B018, PTH118, PTH120, PTH123, S102, SIM115, UP004, UP031
"""ILI9341 display, 240 x 320, on a four-wire SPI, a PythonPeripheral script (IronPython 2.7 subset, one file for both
engines).

A board's own short script says how the display is wired and then runs this one (sim/board/crosscam_lcd.py is the
pattern). Its dictionary `wiring`, pins as "sysbus.gpioPortD@15", None where a pin is not connected:
    spi           path of the controller, "sysbus.spi1"; the display must be the only part on it
    select        CSX: the display listens while it is low; None: always
    data_command  D/CX: low with commands, high with their parameters and with pixels
    reset         RESX: low resets it
    upright       the MADCTL by which a picture is upright and in its colours on the glass as it is mounted (0x28,
                  0x48 ...: see the module's examples)
    frame_size    offset and mask of the controller's field "bits of a frame, less one"; for Renode alone, whose
                  STM32H7_SPI (1.16.1) sends wider frames than 8 bits low byte first, where the chip sends the high one
                  (RM0433 50.4.2): such frames are turned round here. None: its frames are taken as they come
Wrong orientation, byte order or colour order in the firmware therefore show a wrong picture.

Source: ILI9341 datasheet V1.11; the memory and the glass are ili9341_panel.py. Commands of levels 1 and 2: those that
change what is seen or read are modelled, of the others (power, gamma, timing) the parameters are taken and dropped. A
command that comes before a reset has had its 5 ms (8.2.2, 15.4) is lost, with a warning, as is data without a command.
Not modelled: the tearing effect line, the RGB interface, brightness, ML and MH of MADCTL (order of refresh).

ControlRead(command, value), for the host:
    0x10 pictures so far: how often a window that is the whole memory was filled
    0x11 1 while the glass shows something: sleep out and display on
    0x12 pixels the glass is wide << 16 | high, as mounted
    0x13 MADCTL    0x14 commands so far    0x15 bytes of pixels so far
    0x20 write what is seen now, 0x21 what was when the last whole picture was complete (nothing happens before there
         is one): to the file that the environment variable CROSSCAM_LCD names, width * height pixels of red, green,
         blue; answers how many bytes. ControlReadBlock (crosscam's engine) answers the bytes themselves.
"""

try:
    on_access
except NameError:
    import os
    import sys

    import clr
    from Antmicro.Renode.Core.Structure import NullRegistrationPoint
    from Antmicro.Renode.Peripherals.SPI import ISPIPeripheral
    from System import Environment

    clr.ImportExtensions(Antmicro.Renode.Logging.Logger)
    clr.ImportExtensions(Antmicro.Renode.Peripherals.IPeripheralExtensions)

    peripheral = self
    here = os.path.dirname((lambda: 0).__code__.co_filename)
    hooked = []

    RAMWR, RAMRD, WRITE_ON, READ_ON, READ_INDEX = 0x2C, 0x2E, 0x3C, 0x3E, 0xD9
    SETTLING_NS = 5000000
    MANY = 4096  # bytes of pixels that are put into the memory together

    path = os.path.join(here, "ili9341_panel.py")
    exec(compile(open(path).read(), path, "exec"), globals())

    def complain(text):
        peripheral.ErrorLog(text.replace("{", "(").replace("}", ")"))  # .NET would take braces for a format

    def guarded(action):
        """`action` as a callback from which no exception escapes: one that leaves a script ends Renode."""

        def run(*arguments):
            try:
                return action(*arguments)
            except Exception as problem:
                complain("ILI9341 script: %s: %s" % (type(problem).__name__, problem))
                return 0

        return run

    def now():  # virtual time in ns
        return int(peripheral.GetMachine().ElapsedVirtualTime.TimeElapsed.TotalNanoseconds)

    def in_order(data):
        """Bytes in the order in which the chip sends them; see `frame_size`."""
        if sys.platform != "cli" or not wiring["frame_size"]:
            return data
        offset, mask = wiring["frame_size"]
        size = (int(peripheral.GetMachine()[wiring["spi"]].ReadDoubleWord(offset)) & mask) // 8 + 1
        turned = bytearray(len(data))
        for place in range(size):
            turned[place::size] = data[size - 1 - place :: size]
        return turned

    def pair(data, at):
        return data[at] << 8 | data[at + 1]

    class Display(object):
        """Commands and their parameters."""

        def __init__(self):
            self.panel = Panel()
            self.selected, self.is_data, self.held = True, True, False
            self.forget()

        def forget(self):
            """As at power-on."""
            self.panel.power_on()
            self.code, self.parameters = None, []
            self.pending = bytearray()
            self.answers, self.read_index = [], None
            self.ready_at = 0
            self.pictures = self.commands = self.pixel_bytes = 0
            self.complete = None

        # Wires

        def take(self, value):
            """A byte from the bus; the display's own."""
            if not self.selected or self.held:
                return 0
            if not self.is_data:
                self.command(value)
                return 0
            if self.code in (RAMWR, WRITE_ON):
                self.pending.append(value)
                if len(self.pending) >= MANY:
                    self.flush()
                return 0
            return self.data(value)

        def take_many(self, data):
            """Bytes whose answers nobody wants."""
            if self.selected and not self.held and self.is_data and self.code in (RAMWR, WRITE_ON):
                self.flush()
                self.write(bytearray(data))
            else:
                for value in bytearray(data):
                    self.take(value)

        def select(self, level):
            self.flush()
            self.selected = not level

        def data_command(self, level):
            self.flush()
            self.is_data = bool(level)

        def reset(self, level):
            """RESX: everything as at power-on, but the memory (15.4)."""
            self.flush()
            self.held = not level
            self.panel.power_on()
            self.code, self.parameters, self.answers = None, [], []
            self.ready_at = now() + SETTLING_NS

        # Bytes

        def flush(self):
            """Pixels that came one by one go to the memory."""
            if self.pending:
                data, self.pending = self.pending, bytearray()
                self.write(in_order(data))

        def write(self, data):
            panel = self.panel
            self.pixel_bytes += len(data)
            whole = (panel.columns[1] + 1) * (panel.pages[1] + 1) == COLUMNS * PAGES
            if panel.write_pixels(data) and whole and not panel.columns[0] and not panel.pages[0]:
                self.pictures += 1
                self.complete = panel.frozen()

        def command(self, code):
            self.commands += 1
            self.code, self.parameters = None, []
            self.answers = []
            if now() < self.ready_at:
                peripheral.WarningLog("command 0x%02X within 5 ms of a reset: lost" % code)
                return
            self.code = code
            action = COMMANDS.get(code)
            if action is not None:
                action(self)
            if code in READS:
                self.answers = self.from_index(READS[code](self))

        def from_index(self, answer):
            """What READ_INDEX chose of an answer; it counts for one read."""
            first, self.read_index = self.read_index, None
            return list(answer) if first is None else list(answer)[first:]

        def data(self, value):
            if self.code is None:
                return 0
            if self.code in (RAMRD, READ_ON):
                if not self.answers:
                    self.answers = self.panel.read_pixel()
                return self.answers.pop(0)
            if self.answers:
                return self.answers.pop(0)
            needed, action = PARAMETERS.get(self.code, (0, None))
            if action is not None and len(self.parameters) < needed:
                self.parameters.append(value)
                if len(self.parameters) == needed:
                    action(self, self.parameters)
            return 0

        # What commands do

        def software_reset(self):
            self.panel.software_reset()
            self.ready_at = now() + SETTLING_NS

        def window(self, data, name):
            """CASET, PASET: the end is not before the start (8.2.20)."""
            first, last = pair(data, 0), pair(data, 2)
            if first > last or last >= PAGES:
                peripheral.WarningLog("window from %d to %d: ignored" % (first, last))
            else:
                setattr(self.panel, name, (first, last))

        def scroll_area(self, data):
            """VSCRDEF: top, scrolling and bottom lines are all there are (8.2.26)."""
            top, lines, bottom = pair(data, 0), pair(data, 2), pair(data, 4)
            if top + lines + bottom != PAGES or not lines:
                peripheral.WarningLog("scrolling of %d + %d + %d lines: expected 320" % (top, lines, bottom))
            else:
                self.panel.scroll_area = (top, lines)

        def display_function(self, data):
            """REV and the directions of sources and gates (8.3, B6h)."""
            self.panel.reversed = not data[1] & 0x80
            self.panel.mirrored = (MX if data[1] & 0x20 else 0) | (MY if data[1] & 0x40 else 0)

        def pixel_format(self, value):
            if value & 7 in (5, 6):
                self.panel.pixel_format = value & 0x77
            else:
                peripheral.WarningLog("pixel format 0x%02X: expected 5 (16 bits) or 6 (18 bits)" % value)

        def power_mode(self):
            """RDDPM (8.2.5): booster, idle, partial, sleep out, normal mode, display on."""
            panel = self.panel
            return (
                (0 if panel.sleeping else 0x90)
                | (0x40 if panel.idle else 0)
                | (0x20 if panel.partial is not None else 0)
                | (0x08 if panel.partial is None else 0)
                | (0x04 if panel.on else 0)
            )

        def status(self):
            """RDDST (8.2.4), 32 bits."""
            panel, mode = self.panel, self.power_mode()
            return (
                (mode & 0x80) << 24
                | (panel.madctl & 0xFC) << 23
                | (panel.pixel_format & 7) << 20
                | (mode & 0x40) << 13
                | (mode & 0x20) << 13
                | (mode & 0x10) << 13
                | (mode & 0x08) << 13
                | (0x8000 if panel.scroll is not None else 0)
                | (0x2000 if panel.inverted else 0)
                | (mode & 0x04) << 8
            )

    def setting(name, value):
        return lambda display: setattr(display.panel, name, value)

    def after_clock(number, bits):
        """`number` after one dummy clock, as the bytes that a master reads (7.1.10)."""
        return [number << 7 >> shift & 0xFF for shift in range(bits, -8, -8)]

    def normal_mode(display):
        display.panel.partial = display.panel.scroll = None

    def partial_mode(display):
        display.panel.partial = display.panel.partial_area

    def rewind(display):
        display.panel.rewind()

    COMMANDS = {
        0x01: lambda display: display.software_reset(),
        0x10: setting("sleeping", True),
        0x11: setting("sleeping", False),
        0x12: partial_mode,
        0x13: normal_mode,
        0x20: setting("inverted", False),
        0x21: setting("inverted", True),
        0x28: setting("on", False),
        0x29: setting("on", True),
        RAMWR: rewind,
        RAMRD: rewind,
        0x38: setting("idle", False),
        0x39: setting("idle", True),
    }
    PARAMETERS = {
        0x2A: (4, lambda display, data: display.window(data, "columns")),
        0x2B: (4, lambda display, data: display.window(data, "pages")),
        0x30: (4, lambda display, data: setattr(display.panel, "partial_area", (pair(data, 0), pair(data, 2)))),
        0x33: (6, lambda display, data: display.scroll_area(data)),
        0x36: (1, lambda display, data: setattr(display.panel, "madctl", data[0] & 0xFC)),
        0x37: (2, lambda display, data: setattr(display.panel, "scroll", pair(data, 0) % PAGES)),
        0x3A: (1, lambda display, data: display.pixel_format(data[0])),
        0xB6: (2, lambda display, data: display.display_function(data)),
        0xF6: (1, lambda display, data: setattr(display.panel, "ignores_overrun", not data[0] & 1)),
        READ_INDEX: (1, lambda display, data: setattr(display, "read_index", data[0] & 15 if data[0] & 16 else None)),
    }
    # One byte after another, the first of what is read; 24 and 32 bits come after a dummy clock, pixels and the
    # parameters of level 2 after a dummy byte.
    READS = {
        0x04: lambda display: after_clock(0x000000, 24),
        0x09: lambda display: after_clock(display.status(), 32),
        0x0A: lambda display: [display.power_mode()],
        0x0B: lambda display: [display.panel.madctl],
        0x0C: lambda display: [display.panel.pixel_format],
        0x0D: lambda display: [0],
        0x0E: lambda display: [0],
        0x0F: lambda display: [0xC0],
        RAMRD: lambda display: [0],
        READ_ON: lambda display: [0],
        0xD3: lambda display: [0, 0x00, 0x93, 0x41],
        0xDA: lambda display: [0],
        0xDB: lambda display: [0],
        0xDC: lambda display: [0],
    }

    display = Display()

    class Face(ISPIPeripheral):
        """The display as a part on the bus."""

        def __init__(self):
            self.take, self.take_many = guarded(display.take), guarded(display.take_many)

        def Transmit(self, data):
            return self.take(int(data))

        def TransmitBlock(self, data):  # crosscam's engine
            self.take_many(data)

        def FinishTransmission(self):
            """CSX is a pin of its own."""

        def Reset(self):
            """The script is told by IsInit."""

    def pin(wire):
        port, number = wiring[wire].split("@")
        return peripheral.GetMachine()[port].Connections[int(number)]

    def connect():
        peripheral.GetMachine()[wiring["spi"]].Register(Face(), NullRegistrationPoint.Instance)
        for wire, action in (
            ("select", display.select),
            ("data_command", display.data_command),
            ("reset", display.reset),
        ):
            if wiring[wire]:
                pin(wire).AddStateChangedHook(guarded(action))

    def initialise():
        if not hooked:
            hooked.append(True)
            connect()
        display.forget()
        display.selected = not wiring["select"] or not pin("select").IsSet
        display.is_data = not wiring["data_command"] or bool(pin("data_command").IsSet)

    def seen(panel):
        """The picture that `panel` shows, as bytes; none without one."""
        return panel.picture(wiring["upright"])[2] if panel is not None else bytearray()

    def write_file(panel):
        """What `panel` shows, into the file that CROSSCAM_LCD names; how many bytes."""
        data, path = seen(panel), str(Environment.GetEnvironmentVariable("CROSSCAM_LCD") or "")
        if not path or (os.path.exists(path) and not os.path.isfile(path)):
            complain("CROSSCAM_LCD is %r: expected the name of a file to write" % path[:160])
            return 0
        if data:
            with open(path, "wb") as file:
                file.write(bytes(data))
        return len(data)

    def size():
        wide = wiring["upright"] & MV
        return PAGES << 16 | COLUMNS if wide else COLUMNS << 16 | PAGES

    NOW, COMPLETE = 0x20, 0x21
    PANELS = {NOW: lambda: display.panel, COMPLETE: lambda: display.complete}
    ANSWERS = {
        0x10: lambda: display.pictures,
        0x11: lambda: int(display.panel.on and not display.panel.sleeping),
        0x12: size,
        0x13: lambda: display.panel.madctl,
        0x14: lambda: display.commands,
        0x15: lambda: display.pixel_bytes,
        NOW: lambda: write_file(display.panel),
        COMPLETE: lambda: write_file(display.complete),
    }

    def on_access(request):
        try:
            if request.IsInit:
                initialise()
            elif request.IsUser:
                display.flush()
                command = int(request.Offset)
                if hasattr(request, "Block") and request.Block is not None:  # crosscam's engine
                    request.Block = bytes(seen(PANELS[command]()))
                elif command in ANSWERS:
                    request.Value = ANSWERS[command]()
                else:
                    peripheral.WarningLog("unknown display command 0x%X" % command)
        except Exception as problem:  # an exception that leaves the script ends Renode
            complain("ILI9341 script: %s: %s" % (type(problem).__name__, problem))

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
