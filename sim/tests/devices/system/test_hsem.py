"""Hardware semaphores of the H7."""

from __future__ import annotations

import pytest

from sim.engine.devices.system.stm32h7_hardware_semaphore import Stm32H7HardwareSemaphore
from sim.tests.fake_services import FakeServices

RLR, IER, ICR, ISR, MISR, CR, KEYR = 0x80, 0x100, 0x104, 0x108, 0x10C, 0x140, 0x144
LOCK, M7 = 1 << 31, 3 << 8


@pytest.fixture
def hsem() -> Stm32H7HardwareSemaphore:
    return Stm32H7HardwareSemaphore(FakeServices(), "hsem")


def test_two_step_lock_keeps_others_out_until_freed_by_its_owner(hsem: Stm32H7HardwareSemaphore) -> None:
    hsem.write(4 * 9, 4, LOCK | M7 | 12)
    assert hsem.read(4 * 9, 4) == LOCK | M7 | 12
    hsem.write(4 * 9, 4, LOCK | M7 | 13)
    hsem.write(4 * 9, 4, M7 | 13)
    assert hsem.read(4 * 9, 4) == LOCK | M7 | 12
    hsem.write(4 * 9, 4, M7 | 12)
    assert hsem.read(4 * 9, 4) == 0


def test_another_core_cannot_lock(hsem: Stm32H7HardwareSemaphore, caplog: pytest.LogCaptureFixture) -> None:
    hsem.write(0, 4, LOCK | 1 << 8 | 5)
    assert hsem.read(0, 4) == 0 and "Cortex-M7 is core 3" in caplog.text


def test_one_step_lock_is_a_read(hsem: Stm32H7HardwareSemaphore) -> None:
    assert hsem.read(RLR + 4, 4) == LOCK | M7
    assert hsem.read(4, 4) == LOCK | M7
    hsem.write(8, 4, LOCK | M7 | 7)
    assert hsem.read(RLR + 8, 4) == LOCK | M7 | 7


def test_freeing_interrupts(hsem: Stm32H7HardwareSemaphore) -> None:
    hsem.write(IER, 4, 1 << 2)
    for index in (1, 2):
        hsem.read(RLR + 4 * index, 4)
        hsem.write(4 * index, 4, M7)
    assert hsem.read(ISR, 4) == 6 and hsem.read(MISR, 4) == 4 and hsem.irq.value
    hsem.write(ICR, 4, 4)
    assert not hsem.irq.value and hsem.read(ISR, 4) == 2


def test_all_of_a_core_are_freed_with_the_key(hsem: Stm32H7HardwareSemaphore) -> None:
    hsem.write(KEYR, 4, 0xBEEF0000)
    hsem.write(0, 4, LOCK | M7 | 1)
    hsem.write(4, 4, LOCK | M7 | 2)
    hsem.write(CR, 4, 0x12340000 | M7)
    hsem.write(CR, 4, 0xBEEF0000 | 1 << 8)
    assert hsem.read(0, 4) and hsem.read(4, 4)
    hsem.write(CR, 4, 0xBEEF0000 | M7)
    assert hsem.read(0, 4) == hsem.read(4, 4) == 0 and hsem.read(ISR, 4) == 3


def test_reset_frees_all(hsem: Stm32H7HardwareSemaphore) -> None:
    hsem.read(RLR, 4)
    hsem.write(IER, 4, 1)
    hsem.write(0, 4, M7)
    hsem.reset()
    assert hsem.read(0, 4) == 0 and not hsem.irq.value
