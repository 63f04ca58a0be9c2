# ruff: noqa: F821, UP032
"""STM32F746 reset and clock control (RCC): a PythonPeripheral script (IronPython 2.7 subset, for both engines).

Source: RM0385 section 5. Every register of the manual exists and reads back what was written; oscillators and PLLs
are ready as soon as they are on; SWS follows SW only to a source that is on, as on the chip. Reset bits reset the
peripherals of the board that have them, when they go from 0 to 1. CSR says power-on after the first start and
independent watchdog after every later one, until RMVF; a host that knows better sets it with ControlWrite(1, bits).
Not modelled: interrupts of ready flags, clock security, what stops when a clock is off.

Renode's own Miscellaneous.STM32F4_RCC (the type Renode's F7 boards use) wants a real-time clock beside it.
"""

CR, CFGR, CIR, BDCR, CSR = 0x00, 0x08, 0x0C, 0x70, 0x74

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
        # Reset register -> bit -> device of the board.
        reset_lines = {
            0x10: {index: "gpioPort" + letter for index, letter in enumerate("ABCDEFGHIJK")},
            0x20: {
                0: "timer2",
                1: "timer3",
                2: "timer4",
                3: "timer5",
                4: "timer6",
                5: "timer7",
                17: "usart2",
                18: "usart3",
                21: "i2c1",
            },
            0x24: {0: "timer1", 4: "usart1", 5: "usart6", 14: "syscfg"},
        }
        reset_lines[0x10][21] = "dma1"
        reset_lines[0x10][22] = "dma2"
    registers = {offset: reset_values.get(offset, 0) for offset in known}
    registers[CSR] = 0x0E000000 if resets_seen == 0 else 0x24000000
    switched = 0
elif request.IsUser:
    if request.Offset == 1:
        registers[CSR] = registers[CSR] & 3 | request.Value & 0xFE000000
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
            value = 0 if value >> 16 & 1 else value & 0x0000831D
        elif offset == CSR:
            value = value & 1 | (0 if value >> 24 & 1 else old & 0xFE000000)
        registers[offset] = value
        for bit, name in reset_lines.get(offset, {}).items():
            if value & ~old & 1 << bit:
                machine["sysbus." + name].Reset()
