"""The test assembler's encodings, read back by Capstone."""

from __future__ import annotations

import capstone  # type: ignore[import-untyped]
import pytest

from sim.tests import thumb as t

CASES: list[tuple[int | tuple[int, ...], str]] = [
    (t.NOP, "nop"),
    (t.WFI, "wfi"),
    (t.WFE, "wfe"),
    (t.SEV, "sev"),
    (t.BX_LR, "bx lr"),
    (t.CPSID_I, "cpsid i"),
    (t.CPSIE_I, "cpsie i"),
    (t.CPSID_F, "cpsid f"),
    (t.CPSIE_F, "cpsie f"),
    (t.UDF, "udf #0"),
    (t.movs(3, 200), "movs r3, #0xc8"),
    (t.adds(3, 200), "adds r3, #0xc8"),
    (t.subs(3, 200), "subs r3, #0xc8"),
    (t.cmp(5, 7), "cmp r5, #7"),
    (t.mov(8, 1), "mov r8, r1"),
    (t.mov(1, 14), "mov r1, lr"),
    (t.adds3(1, 2, 3), "adds r1, r2, r3"),
    (t.ldr(1, 2, 124), "ldr r1, [r2, #0x7c]"),
    (t.store(1, 2, 8), "str r1, [r2, #8]"),
    (t.push(0, 4, 14), "push {r0, r4, lr}"),
    (t.pop(0, 4, 15), "pop {r0, r4, pc}"),
    (t.svc(5), "svc #5"),
    (t.bkpt(5), "bkpt #5"),
    (t.blx(3), "blx r3"),
    (t.bx(3), "bx r3"),
    (t.it(t.EQ), "it eq"),
    (t.it(t.EQ, "e"), "ite eq"),
    (t.it(t.NE, "te"), "itte ne"),
    (t.it(t.NE, "ttt"), "itttt ne"),
    (t.msr(t.BASEPRI, 2), "msr basepri, r2"),
    (t.msr(t.PRIMASK, 0), "msr primask, r0"),
    (t.msr(t.FAULTMASK, 1), "msr faultmask, r1"),
    (t.msr(t.PSP, 3), "msr psp, r3"),
    (t.msr(t.CONTROL, 3), "msr control, r3"),
    (t.mrs(4, t.CONTROL), "mrs r4, control"),
    (t.mrs(4, t.MSP), "mrs r4, msp"),
    (t.isb(), "isb sy"),
    (t.vmov_to_s(4, 1), "vmov s4, r1"),
    (t.vmov_from_s(1, 4), "vmov r1, s4"),
    (t.vmsr(3), "vmsr fpscr, r3"),
    (t.vmrs(3), "vmrs r3, fpscr"),
    (t.mov32(8, 0x1234ABCD), "movw r8, #0xabcd; movt r8, #0x1234"),
]


@pytest.mark.parametrize(("code", "text"), CASES, ids=[text for _, text in CASES])
def test_encodings_read_back_as_meant(code: int | tuple[int, ...], text: str) -> None:
    halves = [code] if isinstance(code, int) else list(code)
    data = b"".join(half.to_bytes(2, "little") for half in halves)
    reader = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    shown = [f"{each.mnemonic} {each.op_str}".strip() for each in reader.disasm(data, 0)]
    assert "; ".join(shown) == text


def test_branches_reach_their_labels() -> None:
    program = t.Program().label("start").emit(t.NOP).branch("start").branch("start", t.NE)
    program.emit(t.NOP).branch("end").emit(t.NOP).label("end")
    data = program.build()
    reader = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    shown = [f"{each.mnemonic} {each.op_str}" for each in reader.disasm(data[8:], program.base + 8)]
    assert shown[1] == "b #0x8000008"
    assert shown[2] == "bne #0x8000008"
    assert shown[4] == "b #0x8000014"
