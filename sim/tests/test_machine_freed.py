"""A machine that nobody holds any more is freed: its memory, and Unicorn's, are large."""

from __future__ import annotations

import gc
import weakref

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor

BOARD = """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { IRQ -> cpu@0 }
cpu: CPU.CortexM @ sysbus { cpuType: \\"cortex-m7\\"; nvic: nvic }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x10000 }
aNameNobodyElseHas: UART.STM32F7_USART @ sysbus 0x40004800 { frequency: 1000000 }
"""


def built() -> weakref.ref[Machine]:
    monitor = Monitor()
    monitor.execute(f'mach create; machine LoadPlatformDescriptionFromString "{BOARD}"')
    monitor.execute("aNameNobodyElseHas WriteChar 1")
    monitor.machine.run_for(0.001)
    return weakref.ref(monitor.machine)


def test_loggers_do_not_hold_it() -> None:
    machine = built()
    gc.collect()
    assert machine() is None
