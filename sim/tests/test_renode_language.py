"""Pieces of Renode's languages that its own STM32 descriptions and suites use."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.errors import CrosscamError

CORE = """
cpu: CPU.CortexM @ sysbus { cpuType: \\"cortex-m4f\\"; nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { -> cpu@0 }
"""


def monitor(text: str = "", lenient: bool = False) -> Monitor:
    made = Monitor(lenient=lenient)
    made.execute("using sysbus")
    made.execute("mach create")
    if text:
        load(made, text)
    return made


def load(made: Monitor, text: str) -> None:
    made.execute(f'machine LoadPlatformDescriptionFromString "{text}"')


@pytest.mark.parametrize(
    ("kind", "cpuid"),
    [("cortex-m0", 0x410CC200), ("cortex-m3", 0x412FC231), ("cortex-m4f", 0x410FC241), ("cortex-m7", 0x411FC271)],
)
def test_smaller_cores_are_known_by_their_cpuid(kind: str, cpuid: int) -> None:
    made = monitor(CORE.replace("cortex-m4f", kind))
    assert int(made.execute("sysbus ReadDoubleWord 0xE000ED00"), 16) == cpuid


def test_registers_by_number_and_name() -> None:
    made = monitor(CORE)
    made.execute("cpu SetRegister 1 0xF0000004")
    made.execute('cpu SetRegister "LR" 0x1235')
    made.execute("cpu SetRegister 15 0x100")
    assert int(made.execute('cpu GetRegister "R1"'), 16) == 0xF0000004
    assert int(made.execute("cpu GetRegister 14"), 16) == 0x1235
    assert int(made.execute("cpu PC"), 16) == 0x100
    assert int(made.execute("cpu GetRegister 0"), 16) == 0
    with pytest.raises(CrosscamError, match="no register R99: expected a number"):
        made.execute('cpu GetRegister "R99"')


def test_overriding_tags_hide_memory_and_ordinary_ones_do_not() -> None:
    made = monitor("mem: Memory.ArrayMemory @ sysbus 0x0 { size: 0x30; initialValue: 0x01 }")
    made.execute('sysbus Tag <0x10 0x8> "hiding" 0xF3F2F1F0 overridePeripheralAccesses=True')
    made.execute('sysbus Tag <0x0 0x8> "plain" 0xF3F2F1F0')
    assert made.execute("sysbus ReadWord 0x10") == "0xF1F0"
    assert made.execute("sysbus ReadWord 0x0") == "0x0101"
    made.execute("sysbus WriteByte 0x10 0x55")
    made.execute("sysbus RemoveTag 0x10")
    assert made.execute("sysbus ReadByte 0x10") == "0x01"


def test_small_memories_and_memories_among_registers() -> None:
    made = monitor("small: Memory.MappedMemory @ sysbus 0x4000AC00 { size: 0x2800 }")
    load(made, "large: Memory.MappedMemory @ sysbus 0x48000000 { size: 80_000_000 }")
    made.execute("sysbus WriteDoubleWord 0x4000AC04 0xCAFE")
    made.execute("sysbus WriteDoubleWord 0x48000010 0xBEEF")
    assert made.execute("sysbus ReadDoubleWord 0x4000AC04") == "0x0000CAFE"
    assert made.execute("sysbus ReadDoubleWord 0x48000010") == "0x0000BEEF"
    assert made.execute("sysbus WhatPeripheralIsAt 0x48000010") == ("Antmicro.Renode.Peripherals.Memory.MappedMemory")
    assert made.execute("sysbus WhatIsAt 0x30000000") == ""


def test_a_region_has_a_window_of_its_own() -> None:
    made = monitor("flash: Memory.MappedMemory @ sysbus 0x08000000 { size: 0x200000 }")
    text = """
control: MTD.STM32F4_FlashController @ {
        sysbus 0x40023C00;
        sysbus new Bus.BusMultiRegistration { address: 0x1FFFC000; size: 0x100; region: \\"REGION\\" }
    }
    flash: flash
"""
    with pytest.raises(CrosscamError, match="has no region nonsense"):
        load(made, text.replace("REGION", "nonsense"))
    made = monitor("flash: Memory.MappedMemory @ sysbus 0x08000000 { size: 0x200000 }")
    load(made, text.replace("REGION", "optionBytes"))
    assert made.execute("sysbus ReadDoubleWord 0x1FFFC000") == "0x0000AAEC"


def test_sectors_of_a_two_megabyte_f4() -> None:
    from sim.engine.devices.storage.stm32f4_flash_controller import sectors

    parts = sectors(0x200000)
    assert len(parts) == 24
    assert parts[4] == (0x10000, 0x10000)
    assert parts[11] == (0xE0000, 0x20000)
    assert parts[12] == (0x100000, 0x4000)
    assert sum(size for _, size in parts) == 0x200000


def test_lenient_builds_what_is_unknown_and_refuses_unknown_cores(caplog: pytest.LogCaptureFixture) -> None:
    text = """
mac: Network.Unknown @ {
    sysbus 0x40028000;
    sysbus new Bus.BusMultiRegistration { address: 0x40028C00; size: 0x200; region: \\"dma\\" }
}
    anything: [1, 2]
    Property: true
    3 -> nvic@61
bus: I2C.STM32F7_I2C @ sysbus 0x40005400
touch: Input.Unknown @ bus 0x38
"""
    with pytest.raises(CrosscamError, match=r"unknown type Network\.Unknown"):
        monitor(CORE + text)
    made = monitor(CORE + text, lenient=True)
    assert any("unknown type Network.Unknown" in each.message for each in caplog.records)
    made.execute("sysbus WriteDoubleWord 0x40028C04 1")
    assert made.execute("sysbus ReadDoubleWord 0x40028004") == "0x00000000"
    with pytest.raises(CrosscamError, match=r"unknown type CPU\.RiscV32"):
        monitor("cpu: CPU.RiscV32 @ sysbus", lenient=True)


def test_lenient_leaves_out_parameters_and_outputs_that_a_type_lacks(caplog: pytest.LogCaptureFixture) -> None:
    text = (
        "timer: Timers.STM32_Timer @ sysbus 0x40000000 { frequency: 1000; initialLimit: 9; colour: 7; Smell -> nvic@3 }"
    )
    for missing, other in (("colour", "Smell -> nvic@3;"), ("Smell", "colour: 7;")):
        with pytest.raises(CrosscamError, match=missing):
            monitor(CORE + text.replace(other.strip(";"), "").replace("; ;", ";"))
    made = monitor(CORE + text, lenient=True)
    assert made.machine.device("timer").name
    warned = [each.message for each in caplog.records]
    assert any("has no parameter colour" in each and "left out" in each for each in warned), warned
    assert any("has no output Smell" in each and "left out" in each for each in warned), warned
    with pytest.raises(CrosscamError, match="needs the parameter frequency"):
        monitor(CORE + "timer: Timers.STM32_Timer @ sysbus 0x40000000 { colour: 7 }", lenient=True)


def test_board_files_newer_than_1_16_1_load(caplog: pytest.LogCaptureFixture) -> None:
    made = monitor(
        CORE
        + """
spi: SPI.STM32SPI @ sysbus 0x40013000
    series: STM32Series.F4
rng: Miscellaneous.STM32_RNG @ sysbus 0x50060800
    series: STM32Series.F4
adc: Analog.STM32H7_ADC @ sysbus 0x40022000
    referenceVoltage: 3.3
mux: Miscellaneous.STM32_DMAMUX @ sysbus 0x40020800
    numberOfOutputRequestChannels: 2
    numberOfRequestGeneratorChannels: 0
    numberOfInputRequestChannels: 115
"""
    )
    made.execute("sysbus.mux OnGPIO 115 true")
    assert not caplog.records
    made.execute("sysbus.mux OnGPIO 116 true")
    assert "request 116: there are 1 to 115" in caplog.text


def test_an_svd_that_is_not_here_does_not_hurt(tmp_path: Path) -> None:
    monitor().execute("sysbus ApplySVD @https://example.org/chip.svd.gz")


def test_systick_without_a_frequency_has_renodes() -> None:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(
        'machine LoadPlatformDescriptionFromString "cpu: CPU.CortexM @ sysbus { nvic: nvic };'
        ' nvic: IRQControllers.NVIC @ sysbus 0xE000E000"'
    )
    assert monitor.execute("sysbus.nvic Frequency") == "0x0000000019000000"


def test_a_tag_answers_the_core_wherever_it_is() -> None:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(
        'machine LoadPlatformDescriptionFromString "cpu: CPU.CortexM @ sysbus { nvic: nvic };'
        " nvic: IRQControllers.NVIC @ sysbus 0xE000E000;"
        ' ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x1000 }"'
    )
    monitor.execute('sysbus Tag <0x0FFFF000, 0x10001FFF> "information"')
    monitor.execute('sysbus Tag <0x10000130, 0x10000133> "variant" 8')
    monitor.execute(
        'machine LoadPlatformDescriptionFromString "later: Memory.MappedMemory @ sysbus 0x10001000 { size: 16 }"'
    )
    monitor.execute("sysbus WriteDoubleWord 0x10001000 5")
    for place, address in enumerate((0x0FFFF000, 0x10001000, 0x10000130)):  # ldr r(n), [r(4 + n)]
        monitor.execute(f"cpu SetRegister {4 + place} {address}")
    monitor.execute("sysbus WriteDoubleWord 0x20000000 0x68296820; sysbus WriteDoubleWord 0x20000004 0xE7FE6832")
    monitor.execute('cpu PC 0x20000000; cpu SP 0x20001000; emulation RunFor "0.001"')
    assert [monitor.execute(f"cpu GetRegister {number}") for number in (0, 1, 2)] == ["0x0", "0x5", "0x8"]
