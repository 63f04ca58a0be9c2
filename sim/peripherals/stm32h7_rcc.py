# ruff: noqa: F821, UP032
"""Reset and clock control (RCC) of STM32H743 and STM32H7A3: a PythonPeripheral script (IronPython 2.7 subset, for both
engines).

Source: RM0433 and RM0455, chapter "Reset and clock control": the H7A3 keeps the registers under other names, has those
of the core's own view only, and one more, CKGAENR. Every register of the manual exists and reads back what was written;
oscillators and PLLs are ready as soon as they are on; SWS follows SW only to a source that is on, as on the chip.
Reset bits reset the peripherals of the board that have them, when they go from 0 to 1. RSR says power-on after the
first start and then, until RMVF, what reset the machine. Renode does not tell scripts that; there it is always the
independent watchdog, the usual cause on this board. A host that knows better sets RSR with ControlWrite(1, bits).
Not modelled: interrupts of ready flags, clock security, what stops when a clock is off.

Renode's own Miscellaneous.STM32H7_RCC keeps nine of these registers and drops the rest, among them the MCO1 selection
that the camera's clock comes from.
"""

CR, CRRCR, CFGR, CIFR, BDCR, CSR, RSR = 0x00, 0x08, 0x10, 0x64, 0x70, 0x74, 0xD0

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
        known = {
            0x00,
            0x04,
            0x08,
            0x0C,
            0x10,
            0x18,
            0x1C,
            0x20,
            0x4C,
            0x50,
            0x54,
            0x58,
            0x60,
            0x64,
            0x68,
            0x70,
            0x74,
            0xA8,
            0xB0,
        }
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
        # Reset register -> bit -> device of the board.
        reset_lines = {
            0x80: {0: "dma1", 1: "dma2"},
            0x84: {0: "dcmi"},
            0x88: {index: "gpioPort" + letter for index, letter in enumerate("ABCDEFGHIJK")},
            0x90: {0: "timer2", 3: "timer5", 4: "timer6", 18: "usart3", 21: "i2c1"},
            0x98: {4: "usart1", 12: "spi1"},
            0x9C: {1: "syscfg"},
        }
    registers = {offset: reset_values.get(offset, 0) for offset in known}
    cause = getattr(machine, "LastReset", "IWDG1") if resets_seen else "power-on"
    if cause == "power-on":
        registers[RSR] = 0x00FE0000
    elif "SYSRESETREQ" in cause:
        registers[RSR] = 0x01420000
    elif "IWDG1" in cause:
        registers[RSR] = 0x04420000
    else:
        registers[RSR] = 0x00420000
    switched = 0
elif request.IsUser:
    if request.Offset == 1:
        registers[RSR] = request.Value & 0xFFFE0000
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
        elif offset == BDCR:
            value = 0 if value >> 16 & 1 else value & 0x0001837D
        elif offset == CSR:
            value &= 1
        elif offset == RSR:
            value = 0 if value >> 16 & 1 else old
        registers[offset] = value
        for bit, name in reset_lines.get(offset, {}).items():
            if value & ~old & 1 << bit:
                machine["sysbus." + name].Reset()
