# ruff: noqa: F821, UP032
"""STM32L4+ reset and clock control (RCC): a PythonPeripheral script (IronPython 2.7 subset, for both engines).

Source: RM0432 section 6. Every register of the manual exists and reads back what was written; oscillators and PLLs are
ready as soon as they are on; SWS follows SW only to a source that is on, as on the chip. Reset bits reset what the
board has at the peripheral's address, when they go from 0 to 1. BDCR outlives every reset but power-on and BDRST. CSR
says power-on after the first start and then, until RMVF, what reset the machine. Not modelled: interrupts of ready
flags, clock security, what stops when a clock is off.

For hosts and other scripts, ControlRead(command, value):
    1  the causes in CSR become `value`
"""

CR, CFGR, CIER, CIFR, CICR, BDCR, CSR, CRRCR = 0x00, 0x08, 0x18, 0x1C, 0x20, 0x90, 0x94, 0x98
SET_CAUSE, BDRST, RMVF, FLAGS = 1, 1 << 16, 1 << 23, 0xFF000000

if request.IsInit:
    try:
        resets_seen += 1
    except NameError:
        resets_seen = 0
        machine = self.GetMachine()
        # On bit -> ready bit.
        ready_bits = {
            CR: {0: 1, 8: 10, 16: 17, 24: 25, 26: 27, 28: 29},
            BDCR: {0: 1},
            CSR: {0: 1},
            CRRCR: {0: 1},
        }
        # CFGR.SW -> on bit in CR: MSI, HSI16, HSE, PLL.
        switch_bits = {0: 0, 1: 8, 2: 16, 3: 24}
        known = set()
        for first, end in ((0x00, 0x24), (0x28, 0x34), (0x38, 0x44), (0x48, 0x54), (0x58, 0x64), (0x68, 0x74)):
            known.update(range(first, end, 4))
        for first, end in ((0x78, 0x84), (0x88, 0x8C), (0x90, 0xA4)):
            known.update(range(first, end, 4))
        reset_values = {
            0x00: 0x00000061,
            0x04: 0x40000000,
            0x0C: 0x00001000,
            0x10: 0x00001000,
            0x14: 0x00001000,
            0x48: 0x00000100,
            0x68: 0x00011307,
            0x6C: 0x00477FFF,
            0x70: 0x00000301,
            0x78: 0xF2FECA3F,
            0x7C: 0x00000023,
            0x80: 0x05677801,
        }
        backup_domain = 0
        # Reset register -> bit -> address of the peripheral.
        apb1, gpio = 0x40000000, 0x48000000
        reset_lines = {
            0x28: {0: 0x40020000, 1: 0x40020400, 2: 0x40020800, 8: 0x40022000, 12: 0x40023000},
            0x2C: {bit: gpio + 0x400 * bit for bit in range(9)},
            0x38: {bit: apb1 + 0x400 * bit for bit in tuple(range(6)) + (14, 15) + tuple(range(17, 24))},
            0x3C: {0: 0x40008000, 1: 0x40008400},
            0x40: {0: 0x40010000, 11: 0x40012C00, 12: 0x40013000, 13: 0x40013400, 14: 0x40013800},
        }
        reset_lines[0x2C].update({13: 0x50040000, 18: 0x50060800})
        reset_lines[0x38].update({31: 0x40007C00})
        reset_lines[0x40].update({16: 0x40014000, 17: 0x40014400, 18: 0x40014800})
    registers = {offset: reset_values.get(offset, 0) for offset in known}
    cause = getattr(machine, "LastReset", "IWDG1") if resets_seen else "power-on"
    if cause == "power-on":
        causes = 0x0C000000
        backup_domain = 0
    else:
        causes |= 1 << 26
        for reason, flag in (("BOR", 1 << 27), ("SYSRESETREQ", 1 << 28), ("IWDG", 1 << 29), ("WWDG", 1 << 30)):
            if reason in cause:
                causes |= flag
    registers[BDCR] = backup_domain
    registers[CSR] = 0x600
    switched = 0
elif request.IsUser:
    if request.Offset == SET_CAUSE:
        causes = request.Value & FLAGS
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
        for on, ready in ready_bits.get(offset, {}).items():
            value |= (value >> on & 1) << ready
        if offset == CFGR:
            value |= switched << 2
        elif offset == CSR:
            value |= causes
        request.Value = (value & lane) >> shift
    else:
        old = registers[offset]
        value = old & ~lane | (request.Value << shift) & lane
        if offset == CR:
            value &= 0x150D0BFD
            if not value >> switch_bits[switched] & 1:
                value |= 1 << switch_bits[switched]  # the clock in use cannot be switched off
        elif offset == CFGR:
            value &= ~0xC
            if registers[CR] >> switch_bits[value & 3] & 1:
                switched = value & 3
        elif offset in (CIFR, CICR):
            value = 0
        elif offset == BDCR:
            value = backup_domain = BDRST if value & BDRST else value & 0x0300831D
        elif offset == CSR:
            if value & RMVF:
                causes = 0
            value &= 0xF03
            value &= ~2
        elif offset == CRRCR:
            value &= 1
        registers[offset] = value
        for bit, address in reset_lines.get(offset, {}).items():
            if value & ~old & 1 << bit:
                peripheral = machine.SystemBus.WhatPeripheralIsAt(address)
                if peripheral is not None:
                    peripheral.Reset()
