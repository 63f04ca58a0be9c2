# ruff: noqa: F821, UP032
"""STM32L4+ power control (PWR): a PythonPeripheral script (IronPython 2.7 subset, for both engines).

Source: RM0432 section 5.4. Every register exists and reads back what was written; the regulator settles at once, so
SR2.VOSF and REGLPF stay 0. Low-power modes, the voltage monitors and wake-up pins keep their bits and do nothing.
"""

CR1, CR3, SR1, SR2, SCR, CR5 = 0x00, 0x08, 0x10, 0x14, 0x18, 0x80
VOS, RANGE_1, RANGE_2, REGLPS = 0x600, 0x200, 0x400, 0x100

if request.IsInit:
    known = set(range(0x00, 0x1C, 4)) | set(range(0x20, 0x68, 4)) | {CR5}
    registers = dict.fromkeys(known, 0)
    registers.update({CR1: RANGE_1, CR3: 0x8000, CR5: 0x100})
elif not request.IsUser:
    offset = request.Offset & ~3
    shift = 8 * (request.Offset & 3)
    lane = ((1 << 8 * request.Length) - 1) << shift
    if offset not in known:
        self.WarningLog("access to undeclared register 0x{:X}".format(request.Offset))
        request.Value = 0
    elif request.IsRead:
        value = registers[offset] | (REGLPS if offset == SR2 else 0)
        request.Value = (value & lane) >> shift
    elif offset not in (SR1, SR2, SCR):
        value = registers[offset] & ~lane | (request.Value << shift) & lane
        if offset == CR1 and value & VOS not in (RANGE_1, RANGE_2):
            self.WarningLog("VOS {} cannot be written: the range stays".format(value >> 9 & 3))
            value = value & ~VOS | registers[CR1] & VOS
        registers[offset] = value
