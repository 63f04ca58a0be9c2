# ruff: noqa: F821, UP032
"""STM32L4+ flash interface: a PythonPeripheral script (IronPython 2.7 subset, for both engines).

Source: RM0432 section 3. ACR reads back; the key sequences open CR and the option bits; page erase (4 KB, the dual-bank
form) and mass erase fill the memory with 0xFF at once and set EOP. Programming by stores is not checked: flash is
ordinary memory to the core. Option bytes read as the chip is delivered.
"""

ACR, KEYR, OPTKEYR, SR, CR, OPTR = 0x00, 0x08, 0x0C, 0x10, 0x14, 0x20
KEYS, OPTION_KEYS = (0x45670123, 0xCDEF89AB), (0x08192A3B, 0x4C5D6E7F)
FLASH, BANK, PAGE = 0x08000000, 0x100000, 0x1000
PG, PER, MER1, BKER, MER2, STRT = 1, 2, 4, 1 << 11, 1 << 15, 1 << 16
OPTLOCK, LOCK, EOP = 1 << 30, 1 << 31, 1

if request.IsInit:
    known = set(range(0x00, 0x34, 4)) | {0x44, 0x48, 0x4C, 0x50, 0x130}
    registers = dict.fromkeys(known, 0)
    registers.update({ACR: 0x600, CR: LOCK | OPTLOCK, OPTR: 0xFFEFF8AA, 0x24: 0xFFFFFFFF, 0x44: 0xFFFFFFFF})
    keys_seen = {KEYR: 0, OPTKEYR: 0}
    machine = self.GetMachine()
elif not request.IsUser:
    offset = request.Offset & ~3
    shift = 8 * (request.Offset & 3)
    lane = ((1 << 8 * request.Length) - 1) << shift
    if offset not in known:
        self.WarningLog("access to undeclared register 0x{:X}".format(request.Offset))
        request.Value = 0
    elif request.IsRead:
        value = 0 if offset in keys_seen else registers[offset]
        request.Value = (value & lane) >> shift
    else:
        value = registers[offset] & ~lane | (request.Value << shift) & lane
        if offset in keys_seen:
            keys = KEYS if offset == KEYR else OPTION_KEYS
            seen = keys_seen[offset]
            keys_seen[offset] = seen + 1 if seen < 2 and value == keys[seen] else 3
            if keys_seen[offset] == 2:
                registers[CR] &= ~(LOCK if offset == KEYR else OPTLOCK)
            elif keys_seen[offset] == 3:
                self.WarningLog("wrong key 0x{:X}: locked until the next reset".format(value))
        elif offset == SR:
            registers[SR] &= ~value
        elif offset == CR:
            if registers[CR] & LOCK:
                self.WarningLog("FLASH_CR is locked: write ignored")
            else:
                if value & LOCK:
                    keys_seen[KEYR] = 0
                if value & OPTLOCK:
                    keys_seen[OPTKEYR] = 0
                value |= registers[CR] & OPTLOCK
                erased = []
                if value & STRT and value & PER:
                    page = (value >> 3 & 0xFF) * PAGE + (BANK if value & BKER else 0)
                    erased.append((FLASH + page, PAGE))
                if value & STRT and value & MER1:
                    erased.append((FLASH, BANK))
                if value & STRT and value & MER2:
                    erased.append((FLASH + BANK, BANK))
                for start, size in erased:
                    for address in range(start, start + size, PAGE):
                        machine.SystemBus.WriteBytes([0xFF] * PAGE, address)
                    registers[SR] |= EOP
                registers[CR] = value & ~STRT
        elif offset != OPTR or not registers[CR] & OPTLOCK:
            registers[offset] = value
