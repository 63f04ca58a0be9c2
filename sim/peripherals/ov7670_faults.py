# ruff: noqa: E731, F821, UP004, UP031
"""What goes wrong with an OV7670 (part of ov7670.py; IronPython 2.7 subset): loaded with the first fault, never before.

Command 0x20 of ov7670.py begins one: value = number | argument << 8 | first << 24 | frames << 44.
    argument   16 bits, what it says below
    first      the fault sets in with the first-th photograph captured, 1 = the next frame; 0: at once
    frames     how many frames it hits, 0: for good. Faults of the bus (1 to 4) last as long as so many frames take
Numbers, with their argument:
    1 absent: nobody answers at the address    2 byte `argument` of SCCB writes is refused (crosscam's engine)
    3 the product number reads `argument`      4 register `argument` keeps its reset value
    5 bits (argument >> 8) of register (argument & 255) turn over    6 all registers fall back to their reset values
    7 no VSYNC        8 PCLK stops at line `argument`
    9 line `argument` ends eight bytes early   10 it ends eight bytes late
    11 line `argument` does not come       12 it comes twice        13 a VSYNC pulse in the middle, at line `argument`
    14 the picture stays the same  15 black  16 white  17 noise     18 `argument` times as long a frame
"""

(ABSENT, REFUSES, WRONG_PID, STUCK_REGISTER, FLIP, FORGET, NO_VSYNC, PCLK_STOPS, SHORT_LINE, LONG_LINE) = range(1, 11)
LOST_LINE, EXTRA_LINE, EXTRA_FRAME, FROZEN, BLACK, WHITE, NOISE, SLOW = range(11, 19)
FRAME_NS = 33333333  # 30 frames a second
CUT = 8  # bytes: what the bus hands over at once


class Fault(object):
    """One that was asked for."""

    def __init__(self, value):
        self.number, self.argument = value & 0xFF, value >> 8 & 0xFFFF
        self.first, self.frames = value >> 24 & 0xFFFFF, value >> 44 & 0xFFFFF
        self.begun_at = None
        self.hit = self.over = False

    def look(self):
        """Set in when it is time, and end when it is."""
        if self.begun_at is None and len(scene.captured) + 1 >= self.first:
            self.begun_at = now()
            if self.number == FLIP:
                sensor.registers[self.argument & 0xFF] ^= self.argument >> 8
            elif self.number == FORGET:
                sensor.reset_registers()
            self.over = self.number in (FLIP, FORGET)
        elif self.begun_at is not None and self.frames and self.number <= STUCK_REGISTER:
            self.over = now() - self.begun_at >= self.frames * FRAME_NS

    def count(self):
        """A frame has begun: the one before counts if it was hit."""
        if self.hit and self.frames and self.number > STUCK_REGISTER:
            self.frames -= 1
            self.over = self.over or not self.frames
        self.hit = False


class Faults(object):
    """All that are under way; the methods of the sensor and the scene below ask it."""

    def __init__(self):
        self.all = []
        self.written = 0  # bytes of SCCB writes since the first fault
        self.stopped = False  # PCLK
        self.random = 1

    def begin(self, value):
        if not ABSENT <= value & 0xFF <= SLOW:
            peripheral.WarningLog("unknown fault %d" % (value & 0xFF))
            return
        fault = Fault(value)
        self.all.append(fault)
        if fault.number <= FORGET and fault.first <= 1:
            fault.look()

    def strike(self, number, line=None):
        """The fault `number`, if it is under way (and about `line`): this frame is hit by it."""
        for fault in self.all:
            if fault.number == number and fault.begun_at is not None and line in (None, fault.argument):
                fault.hit = True
                return fault
        return None

    def on_bus(self, number):
        """The same, for one of the SCCB bus: those end by time."""
        for fault in self.all:
            fault.look()
        self.forget()
        return self.strike(number)

    def next_frame(self):
        """A frame has begun; whether registers are others than when it did."""
        for fault in self.all:
            fault.count()
            fault.look()
        changed = [fault for fault in self.all if fault.over and fault.number in (FLIP, FORGET)]
        self.forget()
        self.stopped = self.stopped and bool(self.strike(PCLK_STOPS))
        return bool(changed)

    def forget(self):
        self.all[:] = [fault for fault in self.all if not fault.over]

    def noise(self, count):
        data = bytearray(count)
        for index in range(count):
            self.random = (self.random * 1664525 + 1013904223) & 0xFFFFFFFF
            data[index] = self.random >> 24
        return data


faults = Faults()


def instead(thing, name):
    """The function it decorates stands in for the method `name` of `thing`, and gets it as its first argument."""

    def replace(function):
        original = getattr(thing, name)
        setattr(thing, name, lambda *arguments: function(original, *arguments))
        return function

    return replace


# SCCB


@instead(sensor, "refresh")
def refresh(original):
    awake = original()
    slow = faults.strike(SLOW)
    if slow:
        sensor.clock //= max(slow.argument, 1)
    return awake and not faults.on_bus(ABSENT)


@instead(sensor, "reset_registers")
def reset_registers(original):
    original()
    wrong = faults.strike(WRONG_PID)
    if wrong:
        sensor.registers[PID] = wrong.argument & 0xFF


@instead(sensor, "on_write")
def on_write(original, data):
    stuck = faults.on_bus(STUCK_REGISTER)
    kept = sensor.registers[stuck.argument & 0xFF] if stuck else 0
    original(data)
    if stuck and not (len(data) > 1 and data[0] == COM7 and data[1] & 0x80):
        sensor.registers[stuck.argument & 0xFF] = kept


@instead(sensor, "on_read")
def on_read(original, count):
    wrong = faults.on_bus(WRONG_PID)
    sensor.registers[PID] = wrong.argument & 0xFF if wrong else 0x76
    original(count)


def accepts(data):
    """Whether the last byte of a write is acknowledged: the `argument`-th since the fault set in, 1 = the first."""
    fault = faults.on_bus(REFUSES)
    if not fault:
        return True
    faults.written += 1
    if faults.written < fault.argument:
        return True
    fault.over = True
    faults.written = 0
    return False


if hasattr(part(wiring["sccb"]), "AcceptsWhen"):
    part(wiring["sccb"]).AcceptsWhen = accepts

# The beam


@instead(sensor, "begin_frame")
def begin_frame(original, start, generation):
    if generation == sensor.generation:
        original(start, generation)
        if faults.next_frame() and sensor.picture:
            sensor.picture = Picture(sensor.registers)


@instead(sensor, "turn_vsync")
def turn_vsync(original, active):
    return 0 if faults.strike(NO_VSYNC) or faults.stopped else original(active)


@instead(sensor, "end_line")
def end_line(original, line, generation):
    if generation != sensor.generation:
        return
    picture = sensor.picture
    if faults.strike(PCLK_STOPS, line):
        faults.stopped = True
        return
    if faults.strike(LOST_LINE, line):
        sensor.next_line(WANT_RUNS, line + 1, generation)
        return
    if faults.strike(EXTRA_FRAME, line):
        answer = sensor.turn_vsync(True)
        sensor.frame_taken = sensor.frame_taken or bool(answer & FRAME_TAKEN)
        sensor.turn_vsync(False)
    whole = picture.bytes_per_line
    picture.bytes_per_line += CUT * (bool(faults.strike(LONG_LINE, line)) - bool(faults.strike(SHORT_LINE, line)))
    if faults.strike(EXTRA_LINE, line):
        goes_on, sensor.next_line = sensor.next_line, lambda *_: None
        original(line, generation)
        sensor.next_line = goes_on
    original(line, generation)
    picture.bytes_per_line = whole


# The picture


@instead(scene, "next")
def show_next(original):
    if not faults.strike(FROZEN):
        original()


@instead(scene, "row")
def row(original, line):
    data = original(line)
    if faults.strike(BLACK):
        return bytearray(len(data))
    if faults.strike(WHITE):
        return bytearray([0xFF]) * len(data)
    return faults.noise(len(data)) if faults.strike(NOISE) else data
