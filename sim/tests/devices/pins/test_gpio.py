"""Pins and what hangs on them: GPIO port, SYSCFG, EXTI, combined input, LED, button."""

from __future__ import annotations

import pytest

from sim.engine.devices.parts.button import Button
from sim.engine.devices.parts.led import Led
from sim.engine.devices.pins.combined_input import CombinedInput
from sim.engine.devices.pins.stm32_gpio_port import Stm32GpioPort
from sim.engine.devices.pins.stm32_syscfg import Stm32Syscfg
from sim.engine.devices.pins.stm32h7_exti import Stm32H7Exti
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

MODER, OTYPER, PUPDR, IDR, ODR, BSRR, LCKR, AFRL, AFRH = 0x00, 0x04, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x24
BRR = 0x28
OUTPUT, ALTERNATE, ANALOG = 1, 2, 3


@pytest.fixture
def port() -> Stm32GpioPort:
    return Stm32GpioPort(FakeServices(), "gpioPortB")


def set_mode(port: Stm32GpioPort, pin: int, mode: int) -> None:
    port.write(MODER, 4, port.read(MODER, 4) & ~(3 << 2 * pin) | mode << 2 * pin)


def test_reset_values_come_from_the_board() -> None:
    port = Stm32GpioPort(
        FakeServices(), "gpioPortA", mode_reset_value=0xABFFFFFF, pull_up_pull_down_reset_value=0x64000000
    )
    assert port.read(MODER, 4) == 0xABFFFFFF
    assert port.read(IDR, 4) == 1 << 13 | 1 << 15, "PA13 and PA15 are pulled up in debug mode"
    port.write(MODER, 4, 0)
    port.reset()
    assert port.read(MODER, 4) == 0xABFFFFFF


def test_output_pin_drives_its_line_by_bsrr_and_odr(port: Stm32GpioPort) -> None:
    probe = Probe()
    port.outputs[14].connect(probe, 0)
    port.write(BSRR, 4, 1 << 14)
    assert port.read(ODR, 4) == 1 << 14 and port.read(IDR, 4) == 0, "an input pin does not follow ODR"
    set_mode(port, 14, OUTPUT)
    assert port.read(IDR, 4) == 1 << 14
    port.write(BSRR, 4, 1 << 30)
    port.write(BSRR, 4, 1 << 30 | 1 << 14)  # set wins
    port.write(ODR, 2, 0)
    assert probe.calls == [(0, False), (0, True), (0, False), (0, True), (0, False)]


def test_brr_resets_outputs_and_sets_none(port: Stm32GpioPort) -> None:
    port.write(ODR, 4, 0xC001)
    port.write(BRR, 4, 0xFFFF_8001)
    assert port.read(ODR, 4) == 0x4000 and port.read(BRR, 4) == 0


def test_bsrr_halves_may_be_written_alone(port: Stm32GpioPort) -> None:
    port.write(BSRR, 2, 0x00F0)
    port.write(BSRR + 2, 2, 0x0030)
    assert port.read(ODR, 4) == 0x00C0 and port.read(BSRR, 4) == 0


def test_inputs_follow_the_outside_and_pulls_fill_in(port: Stm32GpioPort) -> None:
    port.write(PUPDR, 4, 1 << 2 * 3)
    assert port.read(IDR, 4) == 1 << 3
    port.on_gpio(3, False)
    port.on_gpio(4, True)
    assert port.read(IDR, 4) == 1 << 4
    set_mode(port, 4, ANALOG)
    assert port.read(IDR, 4) == 0
    port.reset()
    assert port.read(IDR, 4) == 1 << 4, "the outside does not forget at our reset"
    port.on_gpio(16, True)


def test_open_drain_output_lets_go_of_the_line(port: Stm32GpioPort) -> None:
    port.write(OTYPER, 4, 1 << 8)
    port.write(ODR, 4, 1 << 8)
    set_mode(port, 8, OUTPUT)
    assert port.read(IDR, 4) == 1 << 8, "the bus has pull-ups"
    port.on_gpio(8, False)
    assert port.read(IDR, 4) == 0, "somebody else holds it down"
    port.on_gpio(8, True)
    port.write(BSRR, 4, 1 << 24)
    assert port.read(IDR, 4) == 0


def test_alternate_function_drives_the_pin_while_selected() -> None:
    port = Stm32GpioPort(FakeServices(), "gpioPortA", inverted_af_pins=[[8, 3]])
    port.local_receiver(8).on_gpio(1, True)
    assert port.read(IDR, 4) == 0
    set_mode(port, 8, ALTERNATE)
    port.write(AFRH, 4, 1)
    assert port.read(IDR, 4) == 1 << 8 and port.alternate_function(8) == 1 and port.mode(8) == ALTERNATE
    port.write(AFRH, 4, 3)
    assert port.read(IDR, 4) == 0
    port.local_receiver(8).on_gpio(3, False)
    assert port.read(IDR, 4) == 1 << 8, "inverted"


def test_lock_sequence_freezes_the_pins(port: Stm32GpioPort) -> None:
    set_mode(port, 5, OUTPUT)
    for value in (1 << 16 | 0x20, 0x20, 1 << 16 | 0x21):
        port.write(LCKR, 4, value)
    assert port.read(LCKR, 4) == 0, "a sequence with other pins does not count"
    for value in (1 << 16 | 0x20, 0x20, 1 << 16 | 0x20):
        port.write(LCKR, 4, value)
    assert port.read(LCKR, 4) == 1 << 16 | 0x20
    port.write(MODER, 4, 0xFFFFFFFF)
    assert port.read(MODER, 4) == 0xFFFFFFFF & ~(2 << 10)
    port.write(AFRL, 4, 0xFFFFFFFF)
    port.write(AFRH, 4, 0xFFFFFFFF)
    assert port.read(AFRL, 4) == 0xFF0FFFFF and port.read(AFRH, 4) == 0xFFFFFFFF


def test_a_broken_lock_sequence_may_start_anew(port: Stm32GpioPort) -> None:
    key = 1 << 16
    for value in (key | 1, key | 1, 1, key | 1):  # the second is no second write; it begins another sequence
        port.write(LCKR, 4, value)
    assert port.read(LCKR, 4) == key | 1


def test_bad_parameters_are_one_clear_line() -> None:
    with pytest.raises(CrosscamError, match="numberOfAFs is 17"):
        Stm32GpioPort(FakeServices(), "gpioPortA", number_of_afs=17)
    with pytest.raises(CrosscamError, match="invertedAFPins entry"):
        Stm32GpioPort(FakeServices(), "gpioPortA", inverted_af_pins=[[16, 1]])
    with pytest.raises(CrosscamError, match="no pin 16"):
        Stm32GpioPort(FakeServices(), "gpioPortA").local_receiver(16)
    with pytest.raises(CrosscamError, match="inner receiver"):
        Led(FakeServices(), "led").local_receiver(0)


def test_syscfg_selects_the_port_of_each_line() -> None:
    syscfg, probe = Stm32Syscfg(FakeServices(), "syscfg"), Probe()
    syscfg.outputs[13].connect(probe, 13)
    port_c = syscfg.local_receiver(2)
    port_c.on_gpio(13, True)
    syscfg.write(0x14, 4, 2 << 4)
    assert syscfg.read(0x14, 4) == 2 << 4
    syscfg.local_receiver(0).on_gpio(13, False)
    port_c.on_gpio(13, False)
    port_c.on_gpio(13, True)
    syscfg.reset()
    port_c.on_gpio(16, True)
    assert probe.calls == [(13, False), (13, True), (13, False), (13, True), (13, False)]


def test_syscfg_overdrive_and_compensation_cell() -> None:
    syscfg = Stm32Syscfg(FakeServices(), "syscfg")
    syscfg.write(0x2C, 4, 1)
    assert syscfg.read(0x2C, 4) == 1
    syscfg.write(0x20, 4, 1)
    assert syscfg.read(0x20, 4) == 0x101


RTSR1, FTSR1, SWIER1, CPUIMR1, CPUPR1, CPUIMR2, CPUPR2, SWIER2 = 0x00, 0x04, 0x08, 0x80, 0x88, 0x90, 0x98, 0x28


@pytest.fixture
def exti() -> Stm32H7Exti:
    return Stm32H7Exti(FakeServices(), "exti")


def test_exti_latches_the_selected_edge_of_an_unmasked_line(exti: Stm32H7Exti) -> None:
    exti.on_gpio(13, True)
    exti.on_gpio(13, False)
    exti.write(CPUIMR1, 4, exti.read(CPUIMR1, 4) | 1 << 13)
    exti.write(FTSR1, 4, 1 << 13)
    exti.on_gpio(13, False)
    exti.on_gpio(13, True)
    assert exti.read(CPUPR1, 4) == 0 and not exti.outputs[13].value
    exti.on_gpio(13, False)
    assert exti.read(CPUPR1, 4) == 1 << 13 and exti.outputs[13].value
    exti.on_gpio(13, True)
    assert exti.outputs[13].value, "only software clears it"
    exti.write(CPUPR1, 4, 1 << 13)
    assert exti.read(CPUPR1, 4) == 0 and not exti.outputs[13].value
    exti.write(RTSR1, 4, 1 << 13)
    exti.on_gpio(13, False)
    exti.write(CPUPR1, 4, 1 << 13)
    exti.on_gpio(13, True)
    assert exti.outputs[13].value


def test_exti_software_trigger(exti: Stm32H7Exti) -> None:
    exti.write(SWIER1, 4, 1 << 3)
    assert not exti.outputs[3].value, "masked"
    exti.reset()
    exti.write(CPUIMR1, 4, 1 << 3)
    exti.write(SWIER1, 4, 1 << 3)
    assert exti.outputs[3].value and exti.read(SWIER1, 4) == 1 << 3
    exti.write(CPUPR1, 4, 1 << 3)
    assert not exti.outputs[3].value and exti.read(SWIER1, 4) == 0


def test_exti_direct_lines_pass_through_their_mask(exti: Stm32H7Exti) -> None:
    assert exti.read(CPUIMR1, 4) == 0xFFC00000 and exti.read(CPUIMR2, 4) == 0xFFF5FFFF
    exti.on_gpio(28, True)
    assert exti.outputs[28].value and exti.read(CPUPR1, 4) == 0
    exti.write(CPUIMR1, 4, 0)
    assert not exti.outputs[28].value
    exti.write(CPUIMR1, 4, 1 << 28)
    assert exti.outputs[28].value
    exti.on_gpio(28, False)
    assert not exti.outputs[28].value
    exti.on_gpio(96, True)


def test_exti_second_bank_configurable_line(exti: Stm32H7Exti) -> None:
    exti.write(CPUIMR2, 4, 1 << 17)
    exti.write(0x20, 4, 1 << 17)
    exti.on_gpio(49, True)
    assert exti.outputs[49].value and not exti.outputs[17].value
    exti.write(CPUPR2, 4, 1 << 17)
    assert not exti.outputs[49].value


def test_combined_input_is_an_or() -> None:
    gate = CombinedInput(FakeServices(), "nvicInput23", number_of_inputs=2)
    assert gate.default_output is gate.output_line
    gate.on_gpio(0, True)
    gate.on_gpio(1, True)
    gate.on_gpio(0, False)
    assert gate.output_line.value
    gate.on_gpio(1, False)
    gate.on_gpio(2, True)
    assert not gate.output_line.value


@pytest.mark.parametrize("invert", [False, True])
def test_led_tells_changes(invert: bool) -> None:
    led = Led(FakeServices(), "led1", invert=invert)
    seen: list[bool] = []
    led.state_changed += lambda _, lit: seen.append(lit)
    assert led.state == invert, "an undriven line is low"
    for level in (invert, not invert, not invert, invert):  # dark, lit, lit, dark
        led.on_gpio(0, level)
    led.on_gpio(1, not invert)
    assert seen[-2:] == [True, False] and not led.state


def test_button_presses_the_pin() -> None:
    port = Stm32GpioPort(FakeServices(), "gpioPortC")
    button = Button(FakeServices(), "button", invert=True)
    button.irq.connect(port, 13)
    assert port.read(IDR, 4) == 1 << 13
    button.press()
    assert port.read(IDR, 4) == 0 and button.pressed
    button.reset()
    assert port.read(IDR, 4) == 1 << 13 and not button.pressed
    button.toggle()
    button.release_on_reset = False
    button.reset()
    assert button.pressed and port.read(IDR, 4) == 0
    seen: list[bool] = []
    button.state_changed += seen.append
    button.press_and_release()
    assert seen == [True, False] and port.read(IDR, 4) == 1 << 13
