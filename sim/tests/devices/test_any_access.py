"""Whatever firmware does to a device's registers, in whatever order: it answers, and a reset gives its reset values."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.devices.analog.stm32_adc import Stm32Adc
from sim.engine.devices.analog.stm32f0_adc import Stm32F0Adc
from sim.engine.devices.base import Device
from sim.engine.devices.clocks.stm32f4_rcc import Stm32F4Rcc
from sim.engine.devices.clocks.stm32f4_rtc import Stm32F4Rtc
from sim.engine.devices.i2c.stm32f4_i2c import Stm32F4I2c
from sim.engine.devices.mocks.dummy_i2c_slave import DummyI2CSlave
from sim.engine.devices.pins.stm32f4_exti import Stm32F4Exti
from sim.engine.devices.serial.stm32_uart import Stm32Uart
from sim.engine.devices.spi.stm32_spi import Stm32Spi
from sim.engine.devices.system.bit_banding import BitBanding
from sim.engine.devices.system.stm32h7_hardware_semaphore import Stm32H7HardwareSemaphore
from sim.engine.devices.timers.stm32_lptim import Stm32LpTim
from sim.tests.fake_services import FakeServices

Make = Callable[[FakeServices], Device]


def i2c(services: FakeServices) -> Device:
    made = Stm32F4I2c(services, "i2c")
    made.register_child(DummyI2CSlave(services, "slave"), 0x21)
    return made


def rtc(services: FakeServices) -> Device:
    """Unlocked, and with seconds short enough for the times below."""
    made = Stm32F4Rtc(services, "rtc", wakeup_timer_frequency=10_000_000)
    made.write(0x24, 4, 0xCA)
    made.write(0x24, 4, 0x53)
    return made


DEVICES: dict[str, Make] = {
    "uart": lambda services: Stm32Uart(services, "uart"),
    "spi": lambda services: Stm32Spi(services, "spi"),
    "i2c": i2c,
    "exti": lambda services: Stm32F4Exti(services, "exti", number_of_output_lines=24),
    "rtc": rtc,
    "rcc": lambda services: Stm32F4Rcc(services, "rcc", rtc_peripheral=Stm32F4Rtc(services, "rtc")),
    "lptim": lambda services: Stm32LpTim(services, "lptim", frequency=32_000_000),
    "adc": lambda services: Stm32Adc(services, "adc"),
    "f0 adc": lambda services: Stm32F0Adc(services, "adc", reference_voltage=3.3, external_event_frequency=1000),
    "hsem": lambda services: Stm32H7HardwareSemaphore(services, "hsem"),
    "bit band": lambda services: BitBanding(services, "band", peripheral_base=0x20000000),
}
# The low registers, where the control bits are; bits rather than numbers, since most of them start something.
STEP = st.tuples(
    st.sampled_from(("read", "write", "write", "set", "pass")),
    st.integers(0, 0x50 // 4),
    st.sampled_from((4, 4, 4, 2, 1)),
    st.one_of(
        st.integers(0, 0xFFFFFFFF),
        st.sets(st.integers(0, 31), max_size=6).map(lambda bits: sum(1 << bit for bit in bits)),
        st.just(0x21 << 1),
    ),
)


def snapshot(device: Device) -> list[int]:
    return [device.read(offset, 4) for offset in range(0, 0x50, 4)]


@pytest.mark.parametrize("name", DEVICES)
@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEP, max_size=60))
def test_any_order_of_accesses(name: str, steps: list[tuple[str, int, int, int]]) -> None:
    logging.disable(logging.CRITICAL)
    try:
        services = FakeServices()
        device = DEVICES[name](services)
        for kind, register, width, value in steps:
            offset = 4 * register + (value >> 16 & 3) // width * width
            if kind == "pass":
                services.clock.advance(value % 200_000)
            elif kind == "read":
                assert 0 <= device.read(offset, width) < 1 << 8 * width
            elif kind == "set":  # read, change, write: how drivers write
                device.write(offset, width, device.read(offset, width) | value & ((1 << 8 * width) - 1))
            else:
                device.write(offset, width, value & ((1 << 8 * width) - 1))
        if name == "bit band":
            return
        device.reset()
        assert snapshot(device) == snapshot(DEVICES[name](FakeServices()))
        assert not any(line.value for line in device.outputs.values())
    finally:
        logging.disable(logging.NOTSET)
