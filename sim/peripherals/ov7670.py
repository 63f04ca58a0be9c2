# ruff: noqa: E731, F821, B018, PTH118, PTH120, PTH123, S102, SIM115, UP004, UP031
"""OmniVision OV7670 camera, a PythonPeripheral script (IronPython 2.7 subset, one file for both engines).

A board's own short script says how its camera module is wired and then runs this one (sim/board/crosscam_camera.py is
the pattern). Its dictionary `wiring`, pins as "G2", None where a pin is not connected:
    name               the camera's path, "sysbus.ov7670"
    sccb               path of its face on the SCCB bus, a Mocks.DummyI2CSlave at 0x21
    interface          path of the camera interface, which runs dcmi.py
    chip               file beside this one that knows the chip's pins and clocks, "stm32h7_clock_pins.py"
    xclk               the pin that clocks the camera, whatever clock the chip lets out there; or Hz of an oscillator
    reset, power_down  pins of the chip: RESET# (low holds the camera) and PWDN (high stops it)
    vsync, href, pclk  pins of the chip that the camera drives, for firmware that reads or counts them

Sources: OV7670/OV7171 datasheet 1.4 (registers, reset values, frame timing) and implementation guide 1.0. What the
camera shows is in ov7670_scene.py, how registers shape it in ov7670_picture.py. The window of `name` itself is unused,
ControlRead is the door. A camera without XCLK, in reset or powered down answers no address where the engine can say so;
in Renode it cannot refuse one: there it drops writes and its registers read 0. Not modelled: HSYNC in place of HREF
(COM10[6]), CCIR656 codes, the automatic window of TSLB[0], output drive and tri-state.

ControlRead(command, value), the parallel bus, used by dcmi.py:
    0x00 wake: look at clock and pins again    0x01 the next 8 bytes of the run that has just ended
    0x02 pin levels now: VSYNC | HREF << 1     0x03 the run as a block (crosscam's engine, ControlReadBlock)
For the host (an index that does not exist reads 0xFFFFFFFF):
    0x10 photographs captured so far           0x11 index (in frames.json) of the value-th captured, 0 = first
    0x12 index of the photograph in view       0x13 rewind: first photograph, empty log
    0x14 photographs in the folder             0x15 XCLK in Hz (0: off)
    0x16 frame period in ns (0: no video)      0x17 register `value`
    0x18 read the folder again and rewind       0x19 frames begun so far, whoever takes them
    0x20 a fault begins: ov7670_faults.py tells what `value` says
"""

try:
    on_access
except NameError:
    import os

    import clr
    from Antmicro.Renode.Time import TimeInterval

    # What gives devices ErrorLog and GetMachine in Renode: code that is loaded, as this is, has to ask for itself.
    clr.ImportExtensions(Antmicro.Renode.Logging.Logger)
    clr.ImportExtensions(Antmicro.Renode.Peripherals.IPeripheralExtensions)

    # Bus commands and answers; dcmi.py holds the same numbers.
    WAKE, PIXELS, BEAM, BLOCK = 0, 1, 2, 3
    DCMI_VSYNC_LEVEL, DCMI_RUN, DCMI_CAMERA = 1, 2, 3
    WANT_RUNS, FRAME_TAKEN = 1, 2
    VSYNC_LEVEL, HREF_LEVEL, PCLK_LEVEL = 1, 2, 4

    COM2, PID, VER, CLKRC, MIDH, MIDL, DBLV = 0x09, 0x0A, 0x0B, 0x11, 0x1C, 0x1D, 0x6B
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
    XCLK_RANGE, GIGA = (10000000, 48000000), 1000000000

    peripheral = self
    parts = {}
    run = []  # picture and line of the run on the bus, until chunks are made of it
    chunks = []  # what is left of the run, 8 bytes each, the next one last
    hooked = []
    begun_faults = []  # the one `Faults`, once there was a fault
    here = os.path.dirname((lambda: 0).__code__.co_filename)

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
                return action(*arguments)
            except Exception as problem:
                complain("OV7670 script: %s: %s" % (type(problem).__name__, problem))

        return run

    def now():  # virtual time in ns
        return int(peripheral.GetMachine().ElapsedVirtualTime.TimeElapsed.TotalNanoseconds)

    for name in (wiring["chip"], "ov7670_scene.py", "ov7670_picture.py"):
        path = os.path.join(here, name)
        exec(compile(open(path).read(), path, "exec"), globals())

    class Sensor(object):
        """Registers, SCCB and the scanning beam."""

        def __init__(self):
            self.generation = 0  # of the video: what older generations have scheduled is void
            self.begun = 0  # frames

        def power_on(self):
            self.reset_registers()
            self.address, self.stopped = 0, True
            self.streaming, self.picture = False, None
            self.xclk = self.clock = 0
            self.clock_missed = False
            self.frame_taken = False
            self.generation += 1

        def reset_registers(self):
            self.registers = [0] * 256
            for pair in RESET_VALUES.split():
                register, value = pair.split(":")
                self.registers[int(register, 16)] = int(value, 16)

        def refresh(self):
            """Look at XCLK and the two pins; start or stop the video. True while SCCB answers."""
            xclk = xclk_hz()
            if xclk:
                self.clock_missed = False
            if xclk != self.xclk and xclk and not XCLK_RANGE[0] <= xclk <= XCLK_RANGE[1]:
                peripheral.WarningLog("XCLK is %d Hz, the OV7670 wants 10 to 48 MHz" % xclk)
            self.xclk = xclk
            held = wiring["reset"] and output_level(wiring["reset"]) == 0
            down = wiring["power_down"] and output_level(wiring["power_down"]) == 1
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
                self.miss_clock()
                return
            self.address = data[0]
            for value in data[1:]:
                if self.address == COM7 and value & 0x80:
                    self.reset_registers()
                    self.start_over()
                elif self.address not in READ_ONLY:
                    self.registers[self.address] = value
                self.address = (self.address + 1) & 0xFF

        def miss_clock(self):
            """Somebody talks to a camera without a clock: said once, until it has had one."""
            if not self.xclk and not self.clock_missed:
                self.clock_missed = True
                where = "pin %s carries none" % wiring["xclk"] if is_pin(wiring["xclk"]) else "the board says 0 Hz"
                peripheral.WarningLog("no clock at XCLK (%s): the camera does not answer" % where)

        def on_read(self, count):
            if not self.refresh():
                self.miss_clock()
                return
            if not self.stopped:
                peripheral.DebugLog("read after a repeated START: sensors of this family want a STOP before it")
            for _ in range(int(count)):
                part(wiring["sccb"]).EnqueueResponseByte(self.registers[self.address])
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

        def turn_vsync(self, active):
            """An edge of VSYNC, on the bus and at the pin of the chip; the interface's answer."""
            level = self.vsync_level(active)
            drive_pin("vsync", level)
            return int(part(wiring["interface"]).ControlRead(DCMI_VSYNC_LEVEL, level))

        def begin_frame(self, start, generation):
            """Leading edge of VSYNC: the frame before is over, the registers of the next one count from here."""
            if generation != self.generation:
                return
            self.begun += 1
            answer = self.turn_vsync(True)
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
            if is_heard("href"):
                self.at(self.href_time(0), self.turn_href, 0, True, generation)
            self.at(self.line_time(VSYNC_LINES), self.open_frame, generation)
            self.at(end, self.begin_frame, end, generation)

        def open_frame(self, generation):
            """Trailing edge of VSYNC: only now is it known whether anybody wants the lines."""
            if generation == self.generation:
                answer = self.turn_vsync(False)
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
                answer = int(part(wiring["interface"]).ControlRead(DCMI_RUN, clocks | (high ^ 1) << 32 | edge))
            run[:] = [picture, line]
            answer |= int(part(wiring["interface"]).ControlRead(DCMI_RUN, picture.bytes_per_line | high << 32 | edge))
            run[:], chunks[:] = [], []
            if answer & FRAME_TAKEN:
                self.frame_taken = True
            self.next_line(answer, line + 1, generation)

        def beam(self):
            """Pin levels now: VSYNC | HREF << 1."""
            return self.levels() & (VSYNC_LEVEL | HREF_LEVEL)

        def levels(self):
            """VSYNC, HREF and PCLK at this moment."""
            if not self.streaming:
                self.refresh()
                if not self.streaming:
                    return 0
            picture, com10 = self.picture, self.registers[COM10]
            passed = now() - self.start
            passed_tp = passed * self.frame_clock // (2 * GIGA)
            period, tp = passed_tp // picture.line_tp, passed_tp % picture.line_tp
            line = -((picture.first_line - period) * UNIT // picture.step_y)
            active = 0 <= line < picture.height and picture.line_number(line) == period
            active = active and tp >= picture.line_tp - picture.span_tp
            href = HREF_LEVEL if active != bool(com10 & 0x08) else 0
            # Data is stable around the rising edge; the clock runs on between lines unless COM10[5] stops it.
            half = passed * self.frame_clock * 2 // (GIGA * picture.pclk_divider) & 1
            running = active or not com10 & 0x20
            pclk = PCLK_LEVEL if running and (half == 1) != bool(com10 & 0x10) else 0
            return self.vsync_level(period < VSYNC_LINES) | href | pclk

        def href_time(self, line):
            """When HREF becomes active in an output line."""
            picture = self.picture
            before = (picture.line_number(line) + 1) * picture.line_tp - picture.span_tp
            return self.start + before * 2 * GIGA // self.frame_clock

        def turn_href(self, line, active, generation):
            """An edge of HREF at the pin, for a frame that began with somebody listening to it."""
            picture = self.picture
            if generation != self.generation or line >= picture.height:
                return
            drive_pin("href", 1 if active != bool(self.registers[COM10] & 0x08) else 0)
            if active:
                self.at(self.line_time(picture.line_number(line) + 1), self.turn_href, line, False, generation)
            elif line + 1 < picture.height:
                self.at(self.href_time(line + 1), self.turn_href, line + 1, True, generation)

        def period(self):
            """Frame period in ns, 0 without video."""
            return self.line_time(self.picture.total_lines) - self.start if self.streaming else 0

    scene = Scene()
    sensor = Sensor()

    # Wires

    def is_pin(wire):
        return isinstance(wire, str)

    def xclk_hz():
        wire = wiring["xclk"]
        return clock_at(wire) if is_pin(wire) else int(wire)

    def answers():
        """Whether the camera acknowledges its address."""
        awake = sensor.refresh()
        if not awake:
            sensor.miss_clock()
        return awake

    def drive_pin(wire, level):
        """The camera drives a pin of the chip."""
        if wiring[wire]:
            port_of(wiring[wire]).OnGPIO(int(wiring[wire][1:]), bool(level))

    def is_heard(wire):
        """Whether edges of a pin would be noticed; Renode's ports cannot tell, there it is No."""
        port = port_of(wiring[wire]) if wiring[wire] else None
        return port is not None and hasattr(port, "IsHeard") and port.IsHeard(int(wiring[wire][1:]))

    def show_levels_at_pins():
        """Firmware that polls the pins sees the beam and the pixel clock as they are when it looks. Where ports cannot
        ask (Renode), only VSYNC is seen, which is driven at its edges."""
        wires = (("vsync", VSYNC_LEVEL), ("href", HREF_LEVEL), ("pclk", PCLK_LEVEL))
        by_port = {}
        for wire, mask in wires:
            if wiring[wire]:
                by_port.setdefault(wiring[wire][0], []).append((int(wiring[wire][1:]), mask))
        for letter, pins in by_port.items():
            port = port_of(letter)
            if port is not None and hasattr(port, "ShowInputs"):
                port.ShowInputs(wiring["name"], guarded(levels_of(pins)), sum([1 << pin for pin, _ in pins]))

    def levels_of(pins):
        """A function that gives the bits of IDR that `pins` are."""

        def bits():
            levels = sensor.levels()
            return sum([1 << pin for pin, mask in pins if levels & mask])

        return bits

    COMMANDS = {
        WAKE: lambda value: sensor.refresh(),
        BEAM: lambda value: sensor.beam(),
        0x10: lambda value: len(scene.captured),
        0x11: lambda value: scene.captured[value] if value < len(scene.captured) else NOTHING,
        0x12: lambda value: scene.index(),
        0x13: lambda value: scene.rewind(),
        0x14: lambda value: len(scene.files),
        0x15: lambda value: xclk_hz(),
        0x16: lambda value: sensor.period(),
        0x17: lambda value: sensor.registers[value & 0xFF],
        0x18: lambda value: scene.load_folder(),
        0x19: lambda value: sensor.begun,
        0x20: lambda value: begin_fault(value),
    }

    def begin_fault(value):
        if not begun_faults:  # the first: nothing of faults is there before
            path = os.path.join(here, "ov7670_faults.py")
            exec(compile(open(path).read(), path, "exec"), globals())
            begun_faults.append(faults)
        begun_faults[0].begin(value)

    def initialise():
        scene.load_folder()
        sensor.power_on()
        if not hooked:
            slave = part(wiring["sccb"])
            slave.DataReceived += guarded(lambda data: sensor.on_write(data))
            slave.ReadRequested += guarded(lambda count: sensor.on_read(count))
            slave.TransmissionFinished += guarded(sensor.on_stop)
            hooked.append(slave)
            if hasattr(slave, "AnswersWhen"):  # Renode's mock slave always does
                slave.AnswersWhen = guarded(answers)
            for letter in "\0" + wiring["name"]:  # a call carries a number: the name goes letter by letter
                part(wiring["interface"]).ControlRead(DCMI_CAMERA, ord(letter))
            show_levels_at_pins()

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
