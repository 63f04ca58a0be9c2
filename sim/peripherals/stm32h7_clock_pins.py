# ruff: noqa: F821
"""What pins of an STM32H743 carry, for scripts of parts soldered to them (part of such a script, see ov7670.py;
IronPython 2.7 subset).

Source: RM0433 chapter "Reset and clock control" and timers, alternate functions of DS12110. Needs `peripheral`, the
script's `self`. A pin is a port's letter and a number, "A8".

    clock_at(pin)      Hz of the clock that comes out: MCO1, MCO2, or the PWM (or toggle) output of a timer; 0: none
    output_level(pin)  0 or 1 that the pin is driven to as an output; None while it is none
    port_of(pin)       the GPIO port, as a device
"""

import clr

clr.ImportExtensions(Antmicro.Renode.Peripherals.IPeripheralExtensions)  # GetMachine, in Renode

RCC, GPIO, GPIO_STEP = 0x58024400, 0x58020000, 0x400
HSI_HZ, CSI_HZ, LSE_HZ, LSI_HZ, HSI48_HZ, USUAL_HSE_HZ = 64000000, 4000000, 32768, 32000, 48000000, 8000000
RCC_HSE_COMMAND = 2
AHB_SHIFTS, APB_SHIFTS = (0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 6, 7, 8, 9), (0, 0, 0, 0, 1, 2, 3, 4)
MCO1_PIN, MCO2_PIN = "A8", "C9"  # as AF0

# Timer: address, APB, alternate function, whether outputs need BDTR.MOE, pins of its channels.
TIMERS = (
    (0x40010000, 2, 1, True, ("A8 E9 K1", "A9 E11 J11", "A10 E13 J9", "A11 E14")),
    (0x40000000, 1, 1, False, ("A0 A5 A15", "A1 B3", "A2 B10", "A3 B11")),
    (0x40000400, 1, 2, False, ("A6 B4 C6", "A7 B5 C7", "B0 C8", "B1 C9")),
    (0x40000800, 1, 2, False, ("B6 D12", "B7 D13", "B8 D14", "B9 D15")),
    (0x40000C00, 1, 2, False, ("A0 H10", "A1 H11", "A2 H12", "A3 I0")),
    (0x40010400, 2, 3, True, ("C6 I5 J8", "C7 I6 J6 J10", "C8 I7 K0", "C9 I2")),
    (0x40001800, 1, 2, False, ("B14 H6", "B15 H9")),
    (0x40001C00, 1, 9, False, ("A6 F8",)),
    (0x40002000, 1, 9, False, ("A7 F9",)),
    (0x40014000, 2, 4, True, ("A2 E5", "A3 E6")),
    (0x40014400, 2, 1, True, ("B8 F6",)),
    (0x40014800, 2, 1, True, ("B9 F7",)),
)
TOGGLE, PWM_MODES = 3, (6, 7)
TIMER_REGISTERS = {"CR1": 0x00, "CCMR": 0x18, "CCER": 0x20, "PSC": 0x28, "ARR": 0x2C, "CCR": 0x34, "BDTR": 0x44}


def chip_word(address):
    return int(peripheral.GetMachine().SystemBus.ReadDoubleWord(address))


def port_base(pin):
    return GPIO + (ord(pin[0]) - ord("A")) * GPIO_STEP


def port_of(pin):
    return peripheral.GetMachine().SystemBus.WhatPeripheralIsAt(port_base(pin))


def pin_mode(pin):
    """0 input, 1 output, 2 alternate function, 3 analog."""
    return chip_word(port_base(pin)) >> 2 * int(pin[1:]) & 3


def alternate_function(pin):
    """Its number; None while the pin has another mode."""
    number = int(pin[1:])
    if pin_mode(pin) != 2:
        return None
    return chip_word(port_base(pin) + 0x20 + number // 8 * 4) >> number % 8 * 4 & 15


def output_level(pin):
    if pin_mode(pin) != 1:
        return None
    return chip_word(port_base(pin) + 0x14) >> int(pin[1:]) & 1


def hse_hz():
    """What the board's RCC has been told; RCC models that cannot tell have the usual crystal."""
    device = peripheral.GetMachine().SystemBus.WhatPeripheralIsAt(RCC)
    if not hasattr(device, "ControlRead"):
        return USUAL_HSE_HZ
    return int(device.ControlRead(RCC_HSE_COMMAND, 0))


def oscillator_hz(name):
    """An oscillator; 0 while it is off."""
    control = chip_word(RCC)
    if name == "HSI":
        return HSI_HZ >> (control >> 3 & 3) if control & 1 else 0
    if name == "CSI":
        return CSI_HZ if control >> 7 & 1 else 0
    if name == "HSI48":
        return HSI48_HZ if control >> 12 & 1 else 0
    return hse_hz() if control >> 16 & 1 else 0


def pll_hz(number, output):
    """Output 0 (P), 1 (Q) or 2 (R) of PLL 1 to 3; 0 while it or its output is off."""
    select, enables = chip_word(RCC + 0x28), chip_word(RCC + 0x2C)
    factors, fraction = chip_word(RCC + 0x28 + 8 * number), chip_word(RCC + 0x2C + 8 * number) >> 3 & 0x1FFF
    prescaler = select >> (8 * number - 4) & 0x3F
    on = chip_word(RCC) >> (22 + 2 * number) & 1 and enables >> (13 + 3 * number + output) & 1
    source = ("HSI", "CSI", "HSE", None)[select & 3]
    if not on or not prescaler or source is None:
        return 0
    if not enables >> 4 * (number - 1) & 1:
        fraction = 0
    multiplier = ((factors & 0x1FF) + 1) * 8192 + fraction
    divider = (factors >> (9, 16, 24)[output] & 0x7F) + 1
    return oscillator_hz(source) * multiplier // (8192 * prescaler * divider)


def system_hz():
    """SYSCLK."""
    switched = chip_word(RCC + 0x10) >> 3 & 7
    return pll_hz(1, 0) if switched == 3 else oscillator_hz(("HSI", "CSI", "HSE")[min(switched, 2)])


def mco1_hz():
    config = chip_word(RCC + 0x10)
    divider, source = config >> 18 & 15, config >> 22 & 7
    if not divider or source > 4:
        return 0
    if source == 1:
        return LSE_HZ // divider
    return (pll_hz(1, 1) if source == 3 else oscillator_hz(("HSI", None, "HSE", None, "HSI48")[source])) // divider


def mco2_hz():
    config = chip_word(RCC + 0x10)
    divider, source = config >> 25 & 15, config >> 29 & 7
    if not divider or source > 5:
        return 0
    if source in (1, 3):
        return pll_hz(2 if source == 1 else 1, 0) // divider
    if source == 5:
        return LSI_HZ // divider
    return (system_hz() if source == 0 else oscillator_hz(("", "", "HSE", "", "CSI")[source])) // divider


def timer_clock_hz(apb):
    """Kernel clock of the timers on APB1 or APB2 (RM0433 table "Ratio between clock timer and pclk")."""
    domain1, domain2 = chip_word(RCC + 0x18), chip_word(RCC + 0x1C)
    bus = system_hz() >> AHB_SHIFTS[domain1 >> 8 & 15] >> AHB_SHIFTS[domain1 & 15]
    most = 2 if chip_word(RCC + 0x10) >> 15 & 1 else 1
    shift = APB_SHIFTS[domain2 >> (4 if apb == 1 else 8) & 7]
    return bus if shift <= most else bus >> shift << most


def timer_output_hz(timer, channel, apb, needs_main_enable):
    """What a channel puts out: one period of PWM, or half a period of a toggling output; 0: nothing."""
    value = dict((name, chip_word(timer + offset)) for name, offset in TIMER_REGISTERS.items())  # noqa: C402
    mode = chip_word(timer + 0x18 + channel // 2 * 4) >> (channel % 2 * 8)
    compare, reload = chip_word(timer + 0x34 + 4 * channel), value["ARR"]
    on = value["CR1"] & 1 and value["CCER"] >> 4 * channel & 1 and not mode & 3
    if not on or (needs_main_enable and not value["BDTR"] >> 15 & 1):
        return 0
    kind = mode >> 4 & 7
    period = timer_clock_hz(apb) // (value["PSC"] + 1) // (reload + 1)
    if kind == TOGGLE:
        return period // 2
    return period if kind in PWM_MODES and 0 < compare <= reload else 0


def clock_at(pin):
    function = alternate_function(pin)
    if function is None:
        return 0
    if function == 0:
        return mco1_hz() if pin == MCO1_PIN else mco2_hz() if pin == MCO2_PIN else 0
    for timer, apb, wanted, needs_main_enable, channels in TIMERS:
        if wanted == function:
            for channel, pins in enumerate(channels):
                if pin in pins.split():
                    return timer_output_hz(timer, channel, apb, needs_main_enable)
    return 0
