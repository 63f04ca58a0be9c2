"""Renode's words: short phrases that suites written for Renode wait for, kept in this one place.

An error of ours is one line with file, line and what to do; where a suite looks for the words of Renode 1.16, the line
contains them, or carries them beside it (``CrosscamError(renode=...)``). Each function names the place in Renode's
source that decides the wording.
"""

from __future__ import annotations

from typing import Protocol

from sim.errors import CrosscamError, shown
from sim.text import LONGEST_MESSAGE


class Named(Protocol):
    """Anything a board calls by a name."""

    name: str


WIDTH_NAMES = {1: "Byte", 2: "Word", 4: "DoubleWord", 8: "QuadWord"}
"""What Renode calls an access of so many bytes (``SysbusAccessWidth``)."""

_LONGEST_COMMAND = 100
PERIPHERALS = "Antmicro.Renode.Peripherals."


class BadArgumentsError(CrosscamError):
    """A command of the monitor refuses its arguments: Renode prints the error instead of raising it."""

    def within(self, where: str) -> CrosscamError:
        return BadArgumentsError(f"{where}: {self}" if where else str(self), renode=self.renode)


class UnknownCommandError(CrosscamError):
    """No command, device or member of this name exists here; ``--lenient`` makes a warning of it."""

    def within(self, where: str) -> CrosscamError:
        return UnknownCommandError(f"{where}: {self}" if where else str(self), renode=self.renode)


# Log (Main/Peripherals/Bus/SystemBus.cs)


def hole_read(width: int) -> str:
    """A read where the board has nothing; a template for the address."""
    return f"Read{WIDTH_NAMES[width]} from non existing peripheral at 0x%X."


def hole_write(width: int) -> str:
    """A write where the board has nothing; a template for address and value."""
    return f"Write{WIDTH_NAMES[width]} to non existing peripheral at 0x%X, value 0x%X."


UNHANDLED_READ = "Unhandled read from offset 0x%X."
UNHANDLED_WRITE = "Unhandled write to offset 0x%X, value 0x%X."
"""Templates: a device has no register there (Main/Logging/Logger.cs)."""


def no_region(name: str, types: tuple[str, ...]) -> str:
    """A ``BusMultiRegistration`` of a part the device has not (SystemBus.cs)."""
    return f'No region "{name}" is available for {PERIPHERALS}{types[0] if types else "?"}.'


def no_region_access(method: str, name: str) -> str:
    """A part that takes only reads or only writes."""
    return f"{method} is not specified for region {name}"


NOTHING_TO_ERASE = "Tried to erase flash, but MER and SER are reset. This should be forbidden, ignoring..."
"""Peripherals/MTD/STM32F4_FlashController.cs."""


# Monitor (Extensions/UserInterface/MonitorCommands.cs, Main/Utilities/FilePath.cs)


def bad_parameters(command: str, expected: str, why: str = "") -> CrosscamError:
    """A command with arguments it does not take."""
    return CrosscamError(f"Bad parameters for command {command}: {why + ': ' if why else ''}expected `{expected}`")


CANNOT_TOKENIZE = "Could not tokenize here:"
NO_RANGE = "the start address can't be higher than the end address; `<5 1>` without a comma gives the size"
NO_SUCH_SIGNATURE = "Parameters did not match the signature"
NO_SUCH_FILE = "File does not exist"
NO_SUCH_SCRIPT = "Could not find file"
NOT_A_STRING = "Variable type has to be a string."


# Platform descriptions (PlatformDescription/ParsingException.cs, CreationDriver.cs)


def description_error(number: int, text: str) -> str:
    """``Error E04: ...``: the numbers are Renode's ``ParsingError``."""
    return f"Error E{number:02}: {text}"


def syntax_error(found: str, expected: str) -> str:
    """E00: ``found`` is the text at which the grammar stopped."""
    what = f"unexpected '{found[0]}'" if found else "unexpected end of input"
    return description_error(0, f"Syntax error, {what}; expected {expected}")


def never_declared(name: str) -> str:
    """E01."""
    return description_error(1, f"Variable '{name}' is never declared")


def declared_twice(name: str) -> str:
    """E02."""
    return description_error(2, f"Variable '{name}' was already declared")


EMPTY_ENTRY = description_error(3, "Entry cannot be empty.")
CIRCULAR_USING = description_error(30, "There is a cycle in using file dependency.")


def unknown_type(name: str) -> str:
    """E04."""
    return description_error(4, f"Could not resolve type: '{name}'.")


def no_property(name: str, owner: str) -> str:
    """E10."""
    return description_error(10, f"Property '{name}' does not exist in type '{owner}'")


def no_constructor(name: str) -> str:
    """E25: a parameter is missing or not known."""
    return description_error(25, f"Could not find suitable constructor for type '{PERIPHERALS}{name}'")


def wrong_arity(outputs: int, inputs: int) -> str:
    """E08."""
    return description_error(
        8, f"Irq arity does not match. It is {outputs} on the left side and {inputs} on the right side."
    )


def used_twice(name: str) -> str:
    """E09: a property or constructor argument."""
    what = "Property" if name[:1].isupper() else "Constructor argument"
    return description_error(9, f"{what} '{name}' is used more than once.")


def no_receiver(types: tuple[str, ...]) -> str:
    """E12."""
    owner = PERIPHERALS + (types[0] if types else "?")
    return description_error(
        12,
        f"Type '{owner}' does not implement IGPIOReceiver or ILocalGPIOReceiver and cannot be a destination of"
        " interrupts.",
    )


def no_output(name: str) -> str:
    """E13."""
    return description_error(13, f"Property '{name}' does not exist or is not of the GPIO type.")


def ambiguous_default(names: list[str]) -> str:
    """E15: several outputs, and none is the default one."""
    properties = ", ".join(names)
    return description_error(
        15,
        "Ambiguous choice of default interrupt. There are the following properties of GPIO type available:"
        f" [{properties}].",
    )


def wired_twice(name: str) -> str:
    """E16."""
    return description_error(16, f"Interrupt '{name}' has already been used as a source in this entry.")


def type_mismatch(expected: str) -> str:
    """E06."""
    return description_error(6, f"Type mismatch. Expected {expected}.")


def failed_construction(name: str, why: str) -> str:
    """E38."""
    return description_error(38, f"Exception was thrown during construction of '{name}': {why}")


def no_destination(name: str) -> str:
    """E11."""
    return description_error(11, f"Irq destination '{name}' does not exist.")


def out_of_reach(name: str) -> str:
    """E39: a memory beyond the core's addresses."""
    why = "Could not map memory segment: it does not fit into address space"
    return description_error(39, f"Exception was thrown during registration of '{name}' in 'sysbus': {why}")


def undefined_reference(name: str) -> str:
    """E20."""
    return description_error(20, f"Undefined reference '{name}'.")


def no_using(path: str) -> str:
    """E36."""
    return description_error(36, f"Using '{path}' does not exist.")


def abstract_type(name: str, concrete: list[str]) -> str:
    """E49."""
    names = ", ".join(PERIPHERALS + each for each in concrete)
    return description_error(
        49,
        f"{PERIPHERALS}{name} is an abstract type. Try constructing one of the following concrete types: {names}",
    )


# Robot keywords (RobotFrameworkEngine/RenodeKeywords.cs, LogTester.cs)


def failed_command(command: str, error: CrosscamError) -> str:
    """What ``Execute Command`` says of a command that failed."""
    what = "There was an error when executing" if isinstance(error, BadArgumentsError) else "Could not execute"
    line = shown(f"{what} command '{shown(command, _LONGEST_COMMAND)}': {error}", LONGEST_MESSAGE)
    return f"{line} [Renode: {error.renode}]" if error.renode else line


def spoken(error: CrosscamError) -> str:
    """The line of ``error``, followed by Renode's words where it has some."""
    return f"{error} [Renode: {error.renode}]" if error.renode else str(error)


def expected_log_entry(pattern: str) -> str:
    """An entry that did not come."""
    return f'Expected pattern "{pattern}" did not appear in the log'


UNEXPECTED_LOG_ENTRY = "Unexpected line detected in the log"
TERMINAL_FAILED = "Terminal tester failed!"
LED_FAILED = "LED assertion not met."


def no_breakpoint(seconds: float) -> str:
    """CpuKeywords.cs; the spelling is Renode's."""
    return f"Breakpoint hasn't been hit in excepted time of {seconds} seconds."


NO_LOG_TESTER = "Log tester is not available: use `Create Log Tester` first"
FAILING_LOG_ENTRY = "Test failing entry"


# Hooks (Extensions/Hooks, Main/Core/Machine.cs, Cores/Arm-M)

PYTHON_ERROR = "Python runtime error"
MACHINE_PAUSED = "Machine paused."
SYSTICK_WITHOUT_RELOAD = "Systick_NS enabled but it won't be started as long as the reload value is zero"
TAG_NOT_CONTAINED = "Currently subtag has to be completely contained in other tag, in this case %s."
TAGS_NOT_CONTAINED = "Currently subtag has to be completely contained in other tag. Given one intersects with tags: %s"
NO_TAG = "There is no tag at address 0x%X."
LOCKED_READ = "Tried to read %d bytes at 0x%X which is inside a locked address range, returning 0"
LOCKED_WRITE = "Tried to write %d bytes (0x%X) at 0x%X which is inside a locked address range, write ignored"


def patching_pc(address: int) -> str:
    """The program counter was set without the bit that says Thumb."""
    return f"Patching PC 0x{address:X} for Thumb mode."


def logging_already(enabled: bool) -> str:
    """The access log of a device is asked for twice."""
    return f"Logging is already {'enabled' if enabled else 'disabled'}"


def no_member(owner: str, name: str) -> str:
    """An object has no member of that name (Extensions/UserInterface/MonitorCommands.cs)."""
    return f"{owner} does not provide a field, method or property {name}."


def no_command(name: str) -> str:
    """Nothing of that name (Extensions/UserInterface/Monitor.cs)."""
    return f"No such command or device: {name}"


def no_symbol(name: str) -> str:
    """No symbol of that name (Main/Peripherals/Bus/BusControllerExtensions.cs)."""
    return f"Could not find any address for symbol: {name}"


def registered_at(machine: str, device: Named, start: int, end: int) -> str:
    """Where a device answers; ``end`` is the address after the last (Main/Core/Structure/Registered.cs)."""
    return f"{machine}.{device.name} registered at <0x{start:08X}, 0x{end - 1:08X}>"


def partly_locked(begin: int, end: int, places: list[str]) -> str:
    """Only a part of a memory is to be locked."""
    text = f"<0x{begin:08X}, 0x{end:08X}>"
    return f"Mapped peripherals registered at the given range {text} have to be fully included: {', '.join(places)}"


def no_analyzer(reason: str, types: tuple[str, ...]) -> str:
    """Nothing shows a device (Extensions/UserInterface/Commands/ShowBackendAnalyzerCommand.cs)."""
    owner = PERIPHERALS + (types[0] if types else "?")
    return f"Received '{reason}' error while initializing analyzer for: {owner}. Are you missing a required plugin?"


def time_lines(virtual: object, real: object) -> str:
    """What ``currentTime`` says (TimeCommand.cs)."""
    return f"Current virtual time: {virtual}\nCurrent real time: {real}"


def time_source_info(virtual: object, real: object) -> str:
    """What ``GetTimeSourceInfo`` says (Extensions/UserInterface/MonitorTimeExtensions.cs)."""
    return f"Elapsed Virtual Time: {virtual}\nElapsed Host Time: {real}\nState: Idle\nAdvance immediately: True"


NO_MACHINE_SELECTED = "Select active machine first."


def no_machine(name: str) -> str:
    """``mach set`` and ``mach rem`` of a name there is not (MachCommand.cs)."""
    return f"Machine {name} not found."


NAME_TAKEN = "External's name already in use"


def no_variable(name: str) -> str:
    """A variable or macro without a value (Extensions/UserInterface/Monitor.cs)."""
    return f"No such variable: ${name}"
