# ruff: noqa: F821, UP032
"""Reset and clock control (RCC) of STM32H743 and STM32H7A3: a PythonPeripheral script (IronPython 2.7 subset, for both
engines).

Source: RM0433 and RM0455, chapter "Reset and clock control": the H7A3 keeps the registers under other names, has those
of the core's own view only, and one more, CKGAENR. Every register of the manual exists and reads back what was written;
oscillators and PLLs are ready as soon as they are on; SWS follows SW only to a source that is on, as on the chip.
Reset bits reset what the board has at the peripheral's address, when they go from 0 to 1. BDCR outlives every reset but
power-on and BDRST. RSR says power-on after the first start and then, until RMVF, what reset the machine. Renode does
not tell scripts that; there it is always the independent watchdog, the usual cause on these boards.
Not modelled: interrupts of ready flags, clock security, what stops when a clock is off.

For hosts and other scripts, ControlRead(command, value):
    1  RSR becomes `value`: a host that knows better than this script what reset the machine
    2  HSE runs at `value` Hz (0: leave it); answers the frequency. A board file says it in an `init:` section.

Renode's own Miscellaneous.STM32H7_RCC keeps nine of these registers and drops the rest. The engine runs
sim/engine/devices/clocks/stm32h7_rcc.py in place of this text: the same, and it clocks the real-time clock.
"""

CR, CRRCR, CFGR, CIFR, CICR, BDCR, CSR, RSR = 0x00, 0x08, 0x10, 0x64, 0x68, 0x70, 0x74, 0xD0
SET_CAUSE, HSE_FREQUENCY, BDRST = 1, 2, 1 << 16

if request.IsInit:
    try:
        resets_seen += 1
    except NameError:
        resets_seen = 0
        machine = self.GetMachine()
        # On bit -> ready bit of CR.
        ready_bits = {0: 2, 7: 8, 12: 13, 16: 17, 24: 25, 26: 27, 28: 29}
        # CFGR.SW -> on bit in CR: HSI, CSI, HSE, PLL1.
        switch_bits = {0: 0, 1: 7, 2: 16, 3: 24}
        known = {0x00, 0x04, 0x08, 0x0C, 0x10, 0x18, 0x1C, 0x20, 0x4C, 0x50, 0x54, 0x58, 0x60, 0x64, 0x68, 0x70}
        known.update((0x74, 0xA8, 0xB0))
        for first, end in ((0x28, 0x48), (0x7C, 0xA4), (0xD0, 0xF8), (0xFC, 0x120)):
            known.update(range(first, end, 4))
        reset_values = {
            0x00: 0x00000083,
            0x04: 0x40000000,
            0x0C: 0x20000000,
            0x28: 0x02020200,
            0x2C: 0x01FF0000,
            0x30: 0x01010280,
            0x38: 0x01010280,
            0x40: 0x01010280,
            0xF4: 0x00010000,
            0xFC: 0xF0E11131,
            0x100: 0x0E03C023,
            0x104: 0xE0000271,
            0x108: 0x31A807FF,
            0x10C: 0x00000058,
            0x110: 0xE8FFCBFF,
            0x114: 0x00000136,
            0x118: 0x31D73033,
            0x11C: 0x0421DEAA,
        }
        hse_hz = 8000000
        backup_domain = 0
        # Reset register -> bit -> address of the peripheral; on APB1, APB2 and APB4 most follow the bit.
        apb1, apb2, apb4 = 0x40000000, 0x40010000, 0x58000000
        low = tuple(range(10)) + tuple(range(14, 24)) + (27, 29, 30, 31)
        reset_lines = {
            0x7C: {0: 0x52000000, 4: 0x52001000, 5: 0x52003000, 12: 0x52004000, 14: 0x52005000, 16: 0x52007000},
            0x80: {0: 0x40020000, 1: 0x40020400, 5: 0x40022000, 15: 0x40028000, 25: 0x40040000, 27: 0x40080000},
            0x84: {0: 0x48020000, 4: 0x48021000, 5: 0x48021400, 6: 0x48021800, 9: 0x48022400},
            0x88: {bit: 0x58020000 + 0x400 * bit for bit in range(11)},
            0x8C: {3: 0x50001000},
            0x90: {bit: apb1 + 0x400 * bit for bit in low},
            0x94: {1: 0x40008400, 2: 0x40008800, 4: 0x40009000, 5: 0x40009400, 8: 0x4000A000},
            0x98: {bit: apb2 + 0x400 * bit for bit in (0, 1, 4, 5, 12, 13, 16, 17, 18)},
            0x9C: {bit: apb4 + 0x400 * bit for bit in (1, 3, 5, 7, 9, 10, 11, 12, 14, 15, 21)},
        }
        reset_lines[0x88].update({19: 0x58024C00, 21: 0x58025400, 24: 0x58026000, 25: 0x58026400})
        reset_lines[0x98].update({20: 0x40015000, 22: 0x40015800, 23: 0x40015C00, 24: 0x40016000})
        reset_lines[0x98].update({28: 0x40017000, 29: 0x40017400})
    registers = {offset: reset_values.get(offset, 0) for offset in known}
    cause = getattr(machine, "LastReset", "IWDG1") if resets_seen else "power-on"
    if cause == "power-on":
        causes = 0x00FE0000
        backup_domain = 0
    else:
        causes |= 0x00420000
        for reason, flag in (("BOR", 1 << 21), ("IWDG1", 1 << 26), ("SYSRESETREQ", 1 << 24), ("WWDG", 1 << 28)):
            if reason in cause:
                causes |= flag
    registers[RSR] = causes
    registers[BDCR] = backup_domain
    switched = 0
elif request.IsUser:
    if request.Offset == SET_CAUSE:
        registers[RSR] = causes = request.Value & 0xFFFE0000
    elif request.Offset == HSE_FREQUENCY:
        hse_hz = request.Value or hse_hz
        request.Value = hse_hz
    else:
        self.WarningLog("unknown command 0x{:X}".format(request.Offset))
else:
    # The core's own view of the enable and reset-cause registers, 0x130 on, is the same registers again.
    offset = request.Offset & ~3
    if 0x130 <= offset < 0x180:
        offset -= 0x60
    shift = 8 * (request.Offset & 3)
    lane = ((1 << 8 * request.Length) - 1) << shift

    if offset not in known:
        self.WarningLog("access to undeclared register 0x{:X}".format(request.Offset))
        request.Value = 0
    elif request.IsRead:
        value = registers[offset]
        if offset == CR:
            value |= 0xC020
            for on, ready in ready_bits.items():
                if value >> on & 1:
                    value |= 1 << ready
        elif offset == CFGR:
            value |= switched << 3
        elif offset in (BDCR, CSR):
            value |= (value & 1) << 1
        request.Value = (value & lane) >> shift
    else:
        old = registers[offset]
        value = old & ~lane | (request.Value << shift) & lane
        if offset == CR:
            value &= 0x150D129B
        elif offset == CFGR:
            value &= ~0x38
            if switch_bits.get(value & 7, -1) >= 0 and registers[CR] >> switch_bits[value & 7] & 1:
                switched = value & 7
        elif offset in (CRRCR, CIFR):
            value = old
        elif offset == CICR:
            value = 0
        elif offset == BDCR:
            value = backup_domain = BDRST if value & BDRST else value & 0x0000837D
        elif offset == CSR:
            value &= 1
        elif offset == RSR:
            value = causes = 0 if value >> 16 & 1 else old
        registers[offset] = value
        for bit, address in reset_lines.get(offset, {}).items():
            if value & ~old & 1 << bit:
                peripheral = machine.SystemBus.WhatPeripheralIsAt(address)
                if peripheral is not None:
                    peripheral.Reset()
