# ruff: noqa: F821, PTH118, PTH120, PTH123, S102, SIM115
"""The camera of the crosscam board: which wire of the module goes where. The camera itself is ov7670.py, which tells
what each entry means; a copy of this file with other pins is the camera of another board (both engines run it).
"""

try:
    on_access
except NameError:
    import os

    wiring = {
        "name": "sysbus.ov7670",
        "sccb": "sysbus.i2c1.ov7670sccb",
        "interface": "sysbus.dcmi",
        "chip": "stm32h7_clock_pins.py",
        "xclk": "A8",
        "reset": "G2",
        "power_down": "G3",
        "vsync": "G9",
        "href": "A4",
        "pclk": "A6",
    }
    board = os.path.dirname((lambda: 0).__code__.co_filename)
    script = os.path.join(board, "..", "peripherals", "ov7670.py")
    exec(compile(open(script).read(), script, "exec"), globals())
else:
    on_access(request)
