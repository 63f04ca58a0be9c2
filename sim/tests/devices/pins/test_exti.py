"""EXTI of the F4; the H7's shares its lines (test_gpio.py)."""

from __future__ import annotations

import pytest

from sim.engine.devices.pins.stm32f4_exti import Stm32F4Exti
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

IMR, EMR, RTSR, FTSR, SWIER, PR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14


@pytest.fixture
def exti() -> Stm32F4Exti:
    return Stm32F4Exti(FakeServices(), "exti", number_of_output_lines=24)


def test_the_selected_edge_raises_the_line_until_pr_is_cleared(exti: Stm32F4Exti) -> None:
    probe = Probe()
    exti.outputs[3].connect(probe, 9)
    exti.write(IMR, 4, 1 << 3)
    exti.write(FTSR, 4, 1 << 3)
    exti.on_gpio(3, True)
    assert exti.read(PR, 4) == 0
    exti.on_gpio(3, False)
    assert exti.read(PR, 4) == 1 << 3 and probe.calls[-1] == (9, True)
    exti.on_gpio(3, True)
    assert probe.calls[-1] == (9, True)
    exti.write(PR, 4, 1 << 3)
    assert exti.read(PR, 4) == 0 and probe.calls[-1] == (9, False)


def test_masked_lines_are_silent(exti: Stm32F4Exti) -> None:
    exti.write(RTSR, 4, 0xFFFFFF)
    exti.on_gpio(0, True)
    assert exti.read(PR, 4) == 0 and not exti.outputs[0].value


def test_software_trigger_sets_pending_and_goes_with_it(exti: Stm32F4Exti) -> None:
    exti.write(IMR, 4, 1 << 5)
    exti.write(SWIER, 4, 1 << 5 | 1 << 6)
    assert exti.read(PR, 4) == 1 << 5 and exti.outputs[5].value and not exti.outputs[6].value
    exti.write(PR, 4, 1 << 5)
    assert exti.read(SWIER, 4) == 1 << 6 and not exti.outputs[5].value


def test_direct_lines_pass_whatever_the_mask(exti: Stm32F4Exti) -> None:
    exti.on_gpio(23, True)
    assert exti.outputs[23].value and exti.read(PR, 4) == 0
    exti.on_gpio(23, False)
    assert not exti.outputs[23].value


def test_default_has_14_lines_and_others_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    exti = Stm32F4Exti(FakeServices(), "exti")
    assert len(exti.outputs) == 14
    exti.on_gpio(14, True)
    assert "line 14: there are 0 to 13" in caplog.text
    with pytest.raises(CrosscamError, match="numberOfOutputLines is 65, expected 1 to 64"):
        Stm32F4Exti(FakeServices(), "exti", number_of_output_lines=65)


def test_lines_the_registers_do_not_reach_are_direct(caplog: pytest.LogCaptureFixture) -> None:
    exti = Stm32F4Exti(FakeServices(), "exti", number_of_output_lines=34, first_direct_line=19)
    exti.on_gpio(33, True)
    assert exti.outputs[33].value and not exti.outputs[1].value and exti.listens(33)
    exti.on_gpio(33, False)
    assert not exti.outputs[33].value
    exti.on_gpio(34, True)
    assert "signal on line 34: there are 0 to 33" in caplog.text and not exti.listens(34)


def test_reset_keeps_levels_and_drops_the_rest(exti: Stm32F4Exti) -> None:
    exti.write(IMR, 4, 1)
    exti.write(RTSR, 4, 1)
    exti.on_gpio(0, True)
    exti.reset()
    assert not exti.outputs[0].value and exti.read(IMR, 4) == exti.read(PR, 4) == 0
    exti.write(IMR, 4, 1)
    exti.write(RTSR, 4, 1)
    exti.on_gpio(0, True)  # no edge: it was high all the time
    assert exti.read(PR, 4) == 0
