# ruff: noqa: F821, UP032
"""Debug support of STM32H7 (DBGMCU), a PythonPeripheral script (IronPython 2.7 subset, for both engines).

Source: RM0433 section "Microcontroller debug unit". IDCODE says STM32H742/743/753/750 revision V; start-up code of
ST's branches on it. No debugger is connected: the other registers keep what is written and freeze nothing.
"""

IDCODE, KEPT, PARTS = 0x20036450, (0x04, 0x34, 0x3C, 0x4C, 0x54), (0xFD0, 0x1000)
# PIDR4 to 7, PIDR0 to 3, CIDR0 to 3
IDENTITY = (0x04, 0, 0, 0, 0x00, 0x00, 0x0A, 0x00, 0x0D, 0xF0, 0x05, 0xB1)

if request.IsInit:
    registers = dict((offset, 0) for offset in KEPT)  # noqa: C402
elif not request.IsUser:
    offset = request.Offset & ~3
    shift = 8 * (request.Offset & 3)
    lane = ((1 << 8 * request.Length) - 1) << shift
    if request.IsWrite:
        if offset in registers:
            registers[offset] = registers[offset] & ~lane | (request.Value << shift) & lane
        else:
            self.DebugLog("write to 0x{:X}: ignored".format(request.Offset))
    else:
        value = registers.get(offset, 0)
        if offset == 0:
            value = IDCODE
        elif PARTS[0] <= offset < PARTS[1]:
            value = IDENTITY[(offset - PARTS[0]) // 4]
        request.Value = (value & lane) >> shift
