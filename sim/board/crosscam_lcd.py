# ruff: noqa: F821, PTH118, PTH120, PTH123, S102, SIM115
"""The display of the crosscam board: which wire of the module goes where. The display itself is ili9341.py, which tells
what each entry means; a copy of this file with other pins is the display of another board (both engines run it).
"""

try:
    on_access
except NameError:
    import os

    wiring = {
        "spi": "sysbus.spi1",
        "select": "sysbus.gpioPortD@14",
        "data_command": "sysbus.gpioPortD@15",
        "reset": "sysbus.gpioPortF@12",
        "upright": 0x28,
        "frame_size": (0x08, 0x1F),  # CFG1.DSIZE
    }
    board = os.path.dirname((lambda: 0).__code__.co_filename)
    script = os.path.join(board, "..", "peripherals", "ili9341.py")
    exec(compile(open(script).read(), script, "exec"), globals())
else:
    on_access(request)
