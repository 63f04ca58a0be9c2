# ruff: noqa: F821, UP032
"""USB OTG core of STM32H743 (OTG_HS, OTG_FS) as far as its registers: a PythonPeripheral script (IronPython 2.7 subset,
for both engines).

Source: RM0433 chapter "USB on-the-go high-speed"; the core's identity (CID, GSNPSID, GHWCFGx) as TinyUSB's table of
DesignWare cores has it for the STM32H743. Nothing is plugged in: resets and flushes end at once, the AHB is idle, the
forced mode is the current one, all else keeps what is written. So code that probes and configures the core goes on, and
no interrupt ever comes.
"""

GUSBCFG, GRSTCTL, GINTSTS, GCCFG = 0x0C, 0x10, 0x14, 0x38
IDLE, SELF_CLEARING, FORCE_HOST = 1 << 31, 0x3F, 1 << 29
RESET_VALUES = {
    0x00C: 0x00001440,
    0x014: 0x04000020,
    0x024: 0x00000400,
    0x028: 0x02000400,
    0x02C: 0x00080400,
    0x03C: 0x00002300,
    0x040: 0x4F54330A,
    0x044: 0x00000000,
    0x048: 0x229FE190,
    0x04C: 0x03B8D2E8,
    0x050: 0xE3F00030,
    0x100: 0x04000800,
    0x800: 0x02200000,
    0x804: 0x00000002,
    0x808: 0x00000010,
}
READ_ONLY = (0x2C, 0x40, 0x44, 0x48, 0x4C, 0x50, 0x808)

if request.IsInit:
    registers = dict(RESET_VALUES)
elif not request.IsUser:
    offset = request.Offset & ~3
    shift = 8 * (request.Offset & 3)
    lane = ((1 << 8 * request.Length) - 1) << shift
    old = registers.get(offset, 0)
    if request.IsRead:
        value = old
        if offset == GRSTCTL:
            value |= IDLE
        elif offset == GINTSTS:
            value = value & ~1 | (1 if registers[GUSBCFG] & FORCE_HOST else 0)
        request.Value = (value & lane) >> shift
    elif offset < 0x1000 and offset not in READ_ONLY:
        value = old & ~lane | (request.Value << shift) & lane
        if offset == GRSTCTL:
            value &= ~SELF_CLEARING
        elif offset == GINTSTS:  # flags are cleared by writing 1, levels stay
            value = old & ~((request.Value << shift) & lane & 0xF030FC00)
        registers[offset] = value
