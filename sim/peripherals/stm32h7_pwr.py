# ruff: noqa: B018, F821, UP032
"""STM32H743 and STM32H7A3 power control (PWR), a PythonPeripheral script (IronPython 2.7 subset, for both engines).

Source: RM0433 and RM0455, chapter "Power control". Registers lie alike; where bits differ, memory at 0x24080000, where
the H743's AXI SRAM has ended, says that it is an H7A3: its supply may be the SMPS alone, and its VOS goes from 00,
scale 3, to 11, scale 0 (H743: 01 to 11, scale 3 to 1; SYSCFG has the overdrive). What a start-up sequence needs: the
supply is chosen once by a write to CR3, which ends Run* mode; only then are voltage levels valid (ACTVOSRDY) and may
VOS be changed (VOSRDY). Levels settle at once. Low-power modes, monitoring and wake-up pins keep their register bits
and do nothing.

Renode has no model of this block; the engine runs sim/engine/devices/system/stm32h7_pwr.py in place of this text.
"""

CR1, CSR1, CR2, CR3, CPUCR, D3CR, WKUPCR, WKUPFR, WKUPEPR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x18, 0x20, 0x24, 0x28
VOS, READY, DBP = 0xC000, 0x2000, 0x100
H7A3_AXI_SRAM = 0x24080000

if request.IsInit:
    try:
        configured
    except NameError:
        # The supply choice survives every reset but power-on.
        configured = False
        supply = 0x6
        smps = None  # not asked yet: the board description may still be loading
    registers = {CR1: 0xF000C000, CSR1: 0, CR2: 0, CR3: 0, CPUCR: 0, D3CR: 0x4000, WKUPCR: 0, WKUPFR: 0, WKUPEPR: 0}
    if smps:
        registers[D3CR] = 0
elif not request.IsUser:
    if smps is None:
        smps = self.GetMachine().SystemBus.WhatPeripheralIsAt(H7A3_AXI_SRAM) is not None
        if smps:
            registers[D3CR] = 0
    offset = request.Offset & ~3
    shift = 8 * (request.Offset & 3)
    lane = ((1 << 8 * request.Length) - 1) << shift
    if offset not in registers:
        self.WarningLog("access to undeclared register 0x{:X}".format(request.Offset))
        request.Value = 0
    elif request.IsRead:
        value = registers[offset]
        if offset == CR3:
            value |= supply
        elif offset == CSR1:
            value = registers[D3CR] & VOS | (READY if configured else 0)
        elif offset == D3CR and configured:
            value |= READY
        request.Value = (value & lane) >> shift
    else:
        old = registers[offset]
        value = old & ~lane | (request.Value << shift) & lane
        if offset == CR3:
            if lane & 7 and not configured:
                supply = value & 7
                configured = supply & (7 if smps else 3) != 0
            value &= 0x01000300
        elif offset == D3CR:
            if not configured and (value ^ old) & VOS:
                self.WarningLog("VOS written before the supply was chosen in CR3: ignored")
                value = old
            value &= VOS
            if not value and not smps:
                value = 0x4000
        elif offset in (CSR1, WKUPFR):
            value = old
        elif offset == WKUPCR:
            value = 0
        registers[offset] = value
