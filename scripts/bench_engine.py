"""How much of bare Unicorn's speed the engine keeps: the same loops with and without time keeping, in one run.

    python -m scripts.bench_engine [--rounds 3] [--timing cortex-m7]

The loop that counts is ``smlad``: 62 million instructions of loads and multiply-accumulates, what inference looks
like. ``copy`` (4 instructions a block) and ``calls`` (3) show what short blocks cost.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import Any

from sim.engine.bus import MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.machine import Machine

FLASH, RAM = 0x08000000, 0x20000000
CCR, CACHES_ON = 0xE000ED14, 3 << 16
WANTED_RATIO = {"instructions": 0.4, "cortex-m7": 0.13}


@dataclass(frozen=True)
class Loop:
    """Machine code that runs ``r1`` times with r0 = r3 = RAM; ``cost``: instructions a turn."""

    name: str
    code: bytes
    turns: int
    cost: int

    @property
    def instructions(self) -> int:
        """Instructions of the whole loop, roughly."""
        return self.turns * self.cost


LOOPS = (
    # movs r5, #0; 1: four times (ldr r2, [r0, #..]; ldr r3, [r0, #..]; smlad r5, r2, r3, r5); subs r1, #1; bne 1b; wfi
    Loop(
        "smlad",
        bytes.fromhex(
            "0025 0268 4368 22fb0355 8268 c368 22fb0355 0269 4369 22fb0355 8269 c369 22fb0355 0139 edd1 30bf"
        ),
        62_000_000 // 14,
        14,
    ),
    # 1: ldrb r2, [r0]; strb r2, [r3, #1]; subs r1, #1; bne 1b; wfi
    Loop("copy", bytes.fromhex("0278 5a70 0139 fbd1 30bf"), 6_000_000, 4),
    # 1: bl f; bl f; subs r1, #1; bne 1b; wfi; f: push {r4, lr}; adds r4, r4, r1; lsls r2, r1, #31; bmi 2f;
    # adds r5, #1; 2: pop {r4, pc}
    Loop("calls", bytes.fromhex("00f005f8 00f003f8 0139 f9d1 30bf 10b5 6418 ca07 00d4 0135 10bd"), 1_000_000, 15),
)


@dataclass(frozen=True)
class Result:
    """Million instructions a second of processor time, best of the rounds."""

    loop: str
    bare: float
    engine: float

    @property
    def ratio(self) -> float:
        """Share of bare Unicorn's speed that the engine keeps."""
        return self.engine / self.bare


def bare_seconds(loop: Loop) -> float:
    """Processor time of the loop on Unicorn without any hook."""
    import unicorn
    from unicorn import arm_const

    binding: Any = unicorn
    engine = binding.Uc(binding.UC_ARCH_ARM, binding.UC_MODE_THUMB, arm_const.UC_CPU_ARM_CORTEX_M7)
    engine.mem_map(FLASH, 0x10000)
    engine.mem_map(RAM, 0x20000)
    engine.mem_write(FLASH, loop.code)
    engine.reg_write(arm_const.UC_ARM_REG_SP, RAM + 0x20000)
    for register, value in ((arm_const.UC_ARM_REG_R0, RAM), (arm_const.UC_ARM_REG_R3, RAM)):
        engine.reg_write(register, value)
    engine.reg_write(arm_const.UC_ARM_REG_R1, loop.turns)
    start = time.process_time()
    engine.emu_start(FLASH | 1, 0xFFFFFFFE)
    return time.process_time() - start


def engine_seconds(loop: Loop, timing: str = "instructions") -> tuple[float, int]:
    """Processor time of the loop on the engine with an event each millisecond, and the cycles it counted."""
    machine = Machine("bench", timing)
    machine.register("sysbus.flash", MappedMemory(machine, "flash", size=0x10000), FLASH)
    machine.register("sysbus.ram", MappedMemory(machine, "ram", size=0x20000), RAM)
    nvic = Nvic(machine, "nvic", priority_mask=0xF0)
    machine.register("sysbus.nvic", nvic, 0xE000E000)
    cpu = CortexM(machine, "cpu", nvic=nvic)
    cpu.performance_in_mips = 480
    machine.register("sysbus.cpu", cpu)
    # movw/movt r0, RAM; movw/movt r3, RAM; movw/movt r1, turns; the loop
    start = bytes.fromhex("40f20000 c2f20000 40f20003 c2f20003") + _load_r1(loop.turns)
    vectors = (RAM + 0x20000).to_bytes(4, "little") + (FLASH | 9).to_bytes(4, "little")
    machine.sysbus.write_bytes(FLASH, vectors + start + loop.code)
    machine.reset()
    machine.sysbus.write(CCR, 4, CACHES_ON)

    def tick() -> None:
        machine.clock.schedule(480_000, tick)  # a board has a millisecond tick

    tick()
    begun = time.process_time()
    machine.run_until(lambda: bool(cpu.sleeping), 2.0)
    elapsed = time.process_time() - begun
    if not cpu.sleeping:
        raise RuntimeError(f"the loop {loop.name} did not end")
    return elapsed, machine.clock.now


def _load_r1(value: int) -> bytes:
    """``movw r1, #low`` and ``movt r1, #high``."""
    code = b""
    for opcode, half in ((0xF240, value & 0xFFFF), (0xF2C0, value >> 16)):
        first = opcode | half >> 12 | (half >> 11 & 1) << 10
        second = (half >> 8 & 7) << 12 | 1 << 8 | half & 0xFF
        code += first.to_bytes(2, "little") + second.to_bytes(2, "little")
    return code


def measure(rounds: int = 3, timing: str = "instructions") -> list[Result]:
    """Each loop ``rounds`` times on both, in turns, so that a busy machine hits both."""
    results = []
    for loop in LOOPS:
        bare, engine = [], []
        for _ in range(rounds):
            bare.append(bare_seconds(loop))
            engine.append(engine_seconds(loop, timing)[0])
        results.append(Result(loop.name, loop.instructions / min(bare) / 1e6, loop.instructions / min(engine) / 1e6))
    return results


def main() -> int:
    """Print the table; 1 when the smlad loop keeps less than it must."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timing", choices=sorted(WANTED_RATIO), default="instructions")
    arguments = parser.parse_args()
    results = measure(arguments.rounds, arguments.timing)
    wanted = WANTED_RATIO[arguments.timing]
    print(f"{'loop':8} {'bare Unicorn':>14} {'engine':>10} {'ratio':>6}   (million instructions a second)")
    for result in results:
        print(f"{result.loop:8} {result.bare:14.0f} {result.engine:10.0f} {result.ratio:6.2f}")
    kept = results[0].ratio
    print(f"smlad keeps {kept:.2f} of bare Unicorn, wanted at least {wanted}")
    return 0 if kept >= wanted else 1


if __name__ == "__main__":
    raise SystemExit(main())
