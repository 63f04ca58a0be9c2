"""What hooks, watchpoints and steps cost: ``python -m sim.tests.hooking_cost`` prints the table of docs/hooks.md."""

from __future__ import annotations

import logging
import time

from sim.engine.cortex_m.core_hooks import READ, WRITE
from sim.engine.machine import Machine
from sim.tests import thumb as t
from sim.tests.engine_bench import RAM, Bench
from sim.tests.test_timing_machine import M7Bench
from sim.tests.thumb import Program

LOOP = 6  # instructions


def program() -> Program:
    """A loop that stores and loads."""
    made = Program().label("start").emit(t.mov32(5, RAM), t.mov32(6, 0x7FFFFFFF)).label("loop")
    return made.emit(t.adds(2, 1), t.store(2, 5), t.adds(3, 1), t.ldr(4, 5, 16), t.subs(6, 1)).branch("loop", t.NE)


def seconds_a_turn(bench: Bench, milliseconds: float) -> float:
    """Processor seconds of one turn of the loop."""
    bench.machine.run_for(0.0001)  # translate
    before, start = bench.register("r2"), time.process_time()
    bench.machine.run_for(milliseconds / 1000)
    return (time.process_time() - start) / (bench.register("r2") - before)


def main() -> None:
    """Measure and print."""
    logging.disable(logging.CRITICAL)
    for name, make in (("instructions", Bench), ("cortex-m7", M7Bench)):
        rows = []
        for what, milliseconds in (
            ("nothing", 500), ("a hook elsewhere", 500), ("a hook in the loop", 5), ("a watched store in the loop", 5),
            ("a watched store elsewhere in the page", 100), ("a watched load elsewhere", 100),
        ):  # fmt: skip
            bench = make(program())
            hooking = bench.cpu.hooking
            if "hook" in what:
                place = program().labels["loop"] if "in the loop" in what else program().base + 0x1000
                hooking.add(place, lambda cpu, pc: None)
            elif "store" in what:
                hooking.watch(RAM if "in the loop" in what else RAM + 32, 4, WRITE, lambda *_: None)
            elif "load" in what:
                hooking.watch(RAM + 32, 4, READ, lambda *_: None)
            rows.append((what, seconds_a_turn(bench, milliseconds)))
        for what, each in rows:
            print(f"| {name} | {what} | {LOOP / each / 1e6:.2f} | {each * 1e6:.2f} |")
        print(f"| {name} | `cpu Step`, one at a time | | {_step(make(program()).machine) * 1e6:.1f} |")


def _step(machine: Machine, count: int = 2000) -> float:
    machine.step()
    start = time.process_time()
    for _ in range(count):
        machine.step()
    return (time.process_time() - start) / count


if __name__ == "__main__":
    main()
