# ruff: noqa: F821, UP032
"""STM32F746 reset and clock control (RCC): a PythonPeripheral script (IronPython 2.7 subset, for both engines).

Source: RM0385 section 5. Every register of the manual exists and reads back what was written; oscillators and PLLs
are ready as soon as they are on; SWS follows SW only to a source that is on, as on the chip. Reset bits reset what the
board has at the peripheral's address, when they go from 0 to 1. BDCR outlives every reset but power-on and BDRST. CSR
says power-on after the first start and then, until RMVF, what reset the machine; Renode does not tell scripts that,
there it is always the independent watchdog. Not modelled: interrupts of ready flags, clock security, what stops when a
clock is off.

For hosts and other scripts, ControlRead(command, value):
    1  the causes in CSR become `value`: a host that knows better than this script what reset the machine
    2  HSE runs at `value` Hz (0: leave it); answers the frequency. A board file says it in an `init:` section.

Renode's own Miscellaneous.STM32F4_RCC (the type Renode's F7 boards use) wants a real-time clock beside it. The engine
runs sim/engine/devices/clocks/stm32f7_rcc.py in place of this text: the same, and it clocks the real-time clock.
"""

CR, CFGR, CIR, BDCR, CSR = 0x00, 0x08, 0x0C, 0x70, 0x74
SET_CAUSE, HSE_FREQUENCY, BDRST, FLAGS = 1, 2, 1 << 16, 0xFE000000

if request.IsInit:
    try:
        resets_seen += 1
    except NameError:
        resets_seen = 0
        machine = self.GetMachine()
        # On bit -> ready bit of CR.
        ready_bits = {0: 1, 16: 17, 24: 25, 26: 27, 28: 29}
        # CFGR.SW -> on bit in CR: HSI, HSE, PLL.
        switch_bits = {0: 0, 1: 16, 2: 24}
        known = set()
        for first, end in ((0x00, 0x1C), (0x20, 0x28), (0x30, 0x3C), (0x40, 0x48), (0x50, 0x5C), (0x60, 0x68)):
            known.update(range(first, end, 4))
        for first, end in ((0x70, 0x78), (0x80, 0x94)):
            known.update(range(first, end, 4))
        reset_values = {
            0x00: 0x00000083,
            0x04: 0x24003010,
            0x30: 0x00100000,
            0x50: 0x7EF7B7FF,
            0x54: 0x000000F1,
            0x58: 0x00000003,
            0x60: 0xFFFFCBFF,
            0x64: 0x04F77F33,
            0x84: 0x24003000,
            0x88: 0x24003000,
        }
        hse_hz = 8000000
        backup_domain = 0
        # Reset register -> bit -> address of the peripheral; most follow the bit.
        apb1, apb2, ahb1 = 0x40000000, 0x40010000, 0x40020000
        reset_lines = {
            0x10: {bit: ahb1 + 0x400 * bit for bit in tuple(range(11)) + (12,)},
            0x14: {0: 0x50050000, 4: 0x50060000, 5: 0x50060400, 6: 0x50060800, 7: 0x50000000},
            0x18: {0: 0xA0000000, 1: 0xA0001000},
            0x20: {bit: apb1 + 0x400 * bit for bit in tuple(range(10)) + (11, 14, 15) + tuple(range(16, 32))},
            0x24: {bit: apb2 + 0x400 * bit for bit in (0, 1, 4, 5, 7, 8, 11, 12, 13, 14, 16, 17, 18, 20, 21)},
        }
        reset_lines[0x10].update({21: 0x40026000, 22: 0x40026400, 23: 0x4002B000, 25: 0x40028000, 29: 0x40040000})
        reset_lines[0x24].update({22: 0x40015800, 23: 0x40015C00, 26: 0x40016800})
    registers = {offset: reset_values.get(offset, 0) for offset in known}
    cause = getattr(machine, "LastReset", "IWDG1") if resets_seen else "power-on"
    if cause == "power-on":
        causes = 0x0E000000
        backup_domain = 0
    else:
        causes |= 1 << 26
        for reason, flag in (("BOR", 1 << 25), ("SYSRESETREQ", 1 << 28), ("IWDG", 1 << 29), ("WWDG", 1 << 30)):
            if reason in cause:
                causes |= flag
    registers[BDCR] = backup_domain
    switched = 0
elif request.IsUser:
    if request.Offset == SET_CAUSE:
        causes = request.Value & FLAGS
    elif request.Offset == HSE_FREQUENCY:
        hse_hz = request.Value or hse_hz
        request.Value = hse_hz
    else:
        self.WarningLog("unknown command 0x{:X}".format(request.Offset))
else:
    offset = request.Offset & ~3
    shift = 8 * (request.Offset & 3)
    lane = ((1 << 8 * request.Length) - 1) << shift

    if offset not in known:
        self.WarningLog("access to undeclared register 0x{:X}".format(request.Offset))
        request.Value = 0
    elif request.IsRead:
        value = registers[offset]
        if offset == CR:
            for on, ready in ready_bits.items():
                if value >> on & 1:
                    value |= 1 << ready
        elif offset == CFGR:
            value |= switched << 2
        elif offset in (BDCR, CSR):
            value |= (value & 1) << 1
            if offset == CSR:
                value |= causes
        request.Value = (value & lane) >> shift
    else:
        old = registers[offset]
        value = old & ~lane | (request.Value << shift) & lane
        if offset == CR:
            value &= 0x150D00F9
        elif offset == CFGR:
            value &= ~0xC
            if switch_bits.get(value & 3, -1) >= 0 and registers[CR] >> switch_bits[value & 3] & 1:
                switched = value & 3
        elif offset == CIR:
            value &= 0x7F00
        elif offset == BDCR:
            value = backup_domain = BDRST if value & BDRST else value & 0x0000831D
        elif offset == CSR:
            if value >> 24 & 1:
                causes = 0
            value &= 1
        registers[offset] = value
        for bit, address in reset_lines.get(offset, {}).items():
            if value & ~old & 1 << bit:
                peripheral = machine.SystemBus.WhatPeripheralIsAt(address)
                if peripheral is not None:
                    peripheral.Reset()
