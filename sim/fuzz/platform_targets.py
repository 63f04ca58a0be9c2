"""Platform descriptions: parsed, and built."""

from __future__ import annotations

import re
from pathlib import Path

from sim.engine.monitor import Monitor
from sim.engine.platform import default_registry
from sim.engine.platform.parser import parse
from sim.fuzz.target import Target, text_of

_BOARDS = Path(__file__).parents[1] / "board"
BOARD = """
cpu: CPU.CortexM @ sysbus { cpuType: "cortex-m7"; nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { priorityMask: 0xF0; systickFrequency: 1000000; IRQ -> cpu@0 }
flash: Memory.MappedMemory @ sysbus 0x08000000 { size: 0x10000 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x20000 }
usart3: UART.STM32F7_USART @ sysbus 0x40004800 { frequency: 1000000; IRQ -> nvic@39 }
gpioPortB: GPIOPort.STM32_GPIOPort @ sysbus <0x58020400, +0x400> { [0-15] -> nvic@[40-55] }
led: Miscellaneous.LED @ gpioPortB 3
button: Miscellaneous.Button @ gpioPortB 5 { -> gpioPortB@5 }
"""
EVERY_DEVICE = """
exti: IRQControllers.STM32H7_EXTI @ sysbus 0x58000000
f4exti: IRQControllers.STM32F4_EXTI @ sysbus 0x58000C00
syscfg: Miscellaneous.STM32_SYSCFG @ sysbus 0x58000400
rcc4: Miscellaneous.STM32F4_RCC @ sysbus 0x40023800 { rtcPeripheral: rtc }
rtc: Timers.STM32F4_RTC @ sysbus 0x40002800
timer2: Timers.STM32_Timer @ sysbus <0x40000000, +0x400> { frequency: 1000000; initialLimit: 0xFFFFFFFF }
lptim: Timers.STM32L0_LpTimer @ sysbus 0x40002400 { frequency: 32768 }
iwdg: Timers.STM32_IndependentWatchdog @ sysbus 0x58004800 { frequency: 32000 }
i2c1: I2C.STM32F7_I2C @ sysbus 0x40005400
slave: Mocks.DummyI2CSlave @ i2c1 0x21
touch: Input.FT5336 @ i2c1 0x38
i2c4: I2C.STM32F4_I2C @ sysbus 0x40005800
spi1: SPI.STM32H7_SPI @ sysbus 0x40013000
spi4: SPI.STM32SPI @ sysbus 0x40013400
chip: SPI.Micron_MT25Q @ spi1 { underlyingMemory: chipMemory }
chipMemory: Memory.MappedMemory { size: 0x1000000 }
dma1: DMA.STM32DMA @ sysbus 0x40020000
ldma: DMA.STM32LDMA @ sysbus 0x40020C00
dma2d: DMA.STM32DMA2D @ sysbus 0x52001000
dmamux1: Miscellaneous.STM32_DMAMUX @ sysbus 0x40020800
    numberOfOutputRequestChannels: 16
    numberOfRequestGeneratorChannels: 8
ltdc: Video.STM32LTDC @ sysbus 0x50001000
adc: Analog.STM32_ADC @ sysbus 0x40012000
adc0: Analog.STM32F0_ADC @ sysbus 0x40012400 { referenceVoltage: 3.3; externalEventFrequency: 1000 }
crc: CRC.STM32_CRC @ sysbus 0x58024C00 { series: STM32Series.F4 }
hsem: Miscellaneous.STM32H7_HardwareSemaphore @ sysbus 0x58026400
sensor: Sensors.DummySensor @ sysbus 0x50060000
tty: UART.TrivialUart @ sysbus 0x50061000
sd: SD.STM32SDMMC @ sysbus 0x52007000
dwt: Miscellaneous.DWT @ sysbus 0xE0001000 { frequency: 72000000 }
script: Python.PythonPeripheral @ sysbus 0x50062000
    size: 0x100
    initable: true
    script: "request.Value = request.Offset"
sysbus: { init: { Tag <0x5C001000, 0x5C001003> "IDCODE" 0x20036450 } }
"""


def _descriptions() -> list[bytes]:
    shipped = [file.read_bytes() for file in sorted(_BOARDS.glob("*.repl"))]
    return [*shipped, BOARD.encode(), EVERY_DEVICE.encode()]


_WORDS = (
    "empty", "none", "true", "new Miscellaneous.LED", "new Bus.BusRangeRegistration { address: 0; size: 4 }", "[1, 2]",
    "{ 1: 2 }", "<0x40000000, +0x400>", "Series.F4", ".H7", '"text"', "cpu", "nvic", "sysbus", "@ none",
    "-> nvic@[0-99]", "-> none", "init:", "reset:", "preinit:", "using", "prefixed", "local", "as", "\n    ",
    "{", "}", "[", "]",
)  # fmt: skip


class ParsedDescriptions(Target):
    """Text to a tree."""

    NAME = "repl_parse"
    WORDS = (*_WORDS, *default_registry().names)

    def corpus(self) -> list[bytes]:
        """The shipped boards and small ones."""
        return _descriptions()

    def run(self, data: bytes) -> None:
        """Parse it."""
        parse(text_of(data), "fuzz.repl")


class BuiltDescriptions(Target):
    """Text to a machine."""

    NAME = "repl_build"
    RENEW_EVERY = 1
    WORDS = ParsedDescriptions.WORDS

    def __init__(self) -> None:
        self._monitor = Monitor()

    def corpus(self) -> list[bytes]:
        """Small boards, whole and entry by entry: a large one takes its time without any mistake."""
        entries = [entry.encode() for entry in re.split(r"\n(?! )", (BOARD + EVERY_DEVICE).strip())]
        return [BOARD.encode(), EVERY_DEVICE.encode(), *entries, *entries]

    def renew(self) -> None:
        """An empty machine."""
        self._monitor.close()
        self._monitor = Monitor()
        self._monitor.execute("mach create")

    def run(self, data: bytes) -> None:
        """Build it, with scripts of devices and sections as they come: they are a few, of ours."""
        text = text_of(data)
        if b"script" in data and "request.Value = request.Offset" not in text:
            return
        self._monitor.variables["text"] = text
        self._monitor.execute("machine LoadPlatformDescriptionFromString $text")
