"""Hooks, watchpoints, steps, locks and the access log as Renode's scripts ask for them."""

from __future__ import annotations

import importlib.util
import logging
import shutil
from collections.abc import Iterator

import pytest

from sim.engine.monitor import Monitor
from sim.engine.observe.assembler import assemble, disassemble
from sim.errors import CrosscamError
from sim.tests import thumb as t
from sim.tests.thumb import Program

RAM, SYSTICK = 0x20000000, 0xE000E010
REPL = """
cpu: CPU.CortexM @ sysbus { cpuType: "cortex-m7"; nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { systickFrequency: 100000000; -> cpu@0 }
flash: Memory.MappedMemory @ sysbus 0x08000000 { size: 0x10000 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x10000 }
uart: UART.TrivialUart @ sysbus 0x40001000
gpio: GPIOPort.STM32_GPIOPort @ sysbus <0x58020000, +0x400>
pydev: Python.PythonPeripheral @ sysbus 0x40000000 { size: 0x10; initable: true; script: "pass" }
"""


def program() -> Program:
    """Counts in r2, stores it, sleeps; SysTick's handler counts at RAM + 8."""
    made = Program(vectors={15: "tick"}, stack=RAM + 0x8000)
    made.label("start").emit(t.mov32(0, SYSTICK), t.movs(1, 200), t.store(1, 0, 4), t.movs(1, 7), t.store(1, 0))
    made.emit(t.mov32(5, RAM), t.movs(2, 0))
    made.label("loop").emit(t.adds(2, 1)).label("store").emit(t.store(2, 5)).label("wait").emit(t.WFI).branch("loop")
    made.label("tick").emit(t.ldr(3, 5, 8), t.adds(3, 1), t.store(3, 5, 8), t.BX_LR)
    return made


@pytest.fixture
def monitor(caplog: pytest.LogCaptureFixture) -> Iterator[Monitor]:
    caplog.set_level(logging.INFO, "sim")
    made = Monitor()
    made.execute(f'mach create; machine LoadPlatformDescriptionFromString """{REPL}"""')
    code = program()
    made.machine.sysbus.write_bytes(code.base, code.build())
    made.execute("cpu VectorTableOffset 0x08000000; machine Reset; cpu PerformanceInMips 100")
    yield made
    made._restore_log_levels()


def at(label: str) -> str:
    return f"0x{program().labels[label]:X}"


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name != "sim.truth"]  # which knows no such chip


def run(monitor: Monitor, cycles: int = 3000) -> None:
    monitor.machine.run_for(cycles / 100e6)


def refused(monitor: Monitor, command: str) -> str:
    with pytest.raises(CrosscamError) as caught:
        monitor.execute(command)
    return str(caught.value)


def test_a_hook_should_see_what_renode_gives_it(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    seen = "'{0} {1} {2} {3:x}', cpu.PC, self.R[2], cpu.GetRegister('R5'), pc"
    monitor.execute(f'cpu AddHook {at("store")} "self.InfoLog({seen})"')
    count = r"""n = globals().get('n', 0) + 1; monitor.Parse('log \"visit ' + str(n) + '\"')"""
    monitor.execute(f'cpu AddHook {at("wait")} "{count}"')
    run(monitor, 700)
    place = program().labels["store"]
    assert told(caplog)[0] == f"0x{place:x} 0x1 0x20000000 {place:x}"
    assert [entry for entry in told(caplog) if "visit" in entry][-1].endswith("visit 4")
    before = len(caplog.records)
    monitor.execute(f"cpu RemoveHooksAt {at('store')}; cpu RemoveAllHooks")
    run(monitor)
    assert len(caplog.records) == before


def test_the_address_of_a_hook_may_be_what_a_command_prints(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute(f"""cpu AddHook `echo {at("loop")}` "self.Log(LogLevel.Warning, 'here')" """)
    for _ in range(6):
        run(monitor, 250)
    assert told(caplog).count("here") >= 6  # no entry of a script is left out
    assert monitor.machine.cpu.hooking.addresses == [program().labels["loop"]]


def test_a_hook_may_pause_skip_and_halt(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute(f'cpu AddHook {at("wait")} "machine.PauseAndRequestEmulationPause()"')
    run(monitor)
    assert monitor.machine.cpu.pc == program().labels["wait"]
    assert "Machine paused." in told(caplog)
    assert monitor.machine.sysbus.read(RAM, 4) == 1
    monitor.execute(f'cpu RemoveAllHooks; cpu AddHook {at("store")} "self.SetRegister(2, 99); cpu.PC = pc + 2"')
    run(monitor)
    assert monitor.machine.sysbus.read(RAM, 4) == 1
    assert monitor.execute("cpu GetRegister 2") == "0x63"
    monitor.execute(f'cpu RemoveAllHooks; cpu AddHook {at("loop")} "self.IsHalted = True"')
    run(monitor)
    assert (monitor.execute("cpu IsHalted"), monitor.machine.cpu.pc) == ("True", program().labels["loop"])


def test_errors_of_scripts_are_logged_or_refused(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute(f'cpu AddHook {at("loop")} "a = b"')
    run(monitor)
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1  # the same again is only for those who debug
    assert errors[0].getMessage().startswith("Python runtime error: name 'b' is not defined")
    assert errors[0].name == "sim.cpu"
    assert monitor.machine.sysbus.read(RAM, 4) > 3
    assert "not a valid script" in refused(monitor, 'cpu AddHook 0x100 "if error"')
    assert "not a valid script" in refused(monitor, 'sysbus AddWatchpointHook 0x100 Byte Read "if error"')


def test_hooks_from_python_functions(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.python.run(
        "cpu = monitor.Machine['sysbus.cpu']\n"
        "bus = monitor.Machine.SystemBus\n"
        "def hook(cpu, address):\n"
        "    cpu.InfoLog('at {0:x}', address)\n"
        "    cpu.SetRegisterUlong(7, cpu.GetRegister(7).RawValue + 1)\n"
        "def written(cpu, address, width, value):\n"
        "    bus.InfoLog('{0} {1} by {2}', width, value, cpu.PC)\n"
        "from Antmicro.Renode.Peripherals.Bus import Access, SysbusAccessWidth\n"
        f"cpu.AddHook({at('loop')}, hook)\n"
        f"bus.AddWatchpointHook({RAM}, SysbusAccessWidth.DoubleWord, Access.Write, written)\n"
    )
    run(monitor, 500)
    place = program().labels
    assert told(caplog)[:2] == [f"at {place['loop']:x}", f"4 1 by 0x{place['store']:x}"]
    visits = monitor.machine.cpu.get_register("r7")
    assert visits >= 3
    monitor.python.run(f"cpu.RemoveHook({at('loop')}, hook)\nbus.RemoveWatchpointHook({RAM}, written)")
    run(monitor)
    assert monitor.machine.cpu.get_register("r7") == visits


def test_hooks_of_interrupts_and_sleep(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute("cpu AddHookAtInterruptBegin \"self.InfoLog('begin {0} {1}', exceptionIndex, exceptionNumber)\"")
    monitor.execute("cpu AddHookAtInterruptEnd \"self.InfoLog('end')\"")
    monitor.execute("cpu AddHookAtWfiStateChange \"self.InfoLog('asleep' if isInWfi else 'awake')\"")
    run(monitor, 450)
    assert told(caplog) == ["asleep", "begin 5 15", "awake", "end", "asleep", "begin 5 15", "awake", "end", "asleep"]
    monitor.execute("cpu WfiAsNop true; cpu LogCpuInterrupts true")
    caplog.clear()
    run(monitor, 450)
    assert "asleep" not in told(caplog)
    assert "Begin of the interrupt: SysTick" in told(caplog)
    monitor.execute("cpu LogCpuInterrupts false")
    caplog.clear()
    run(monitor, 450)
    assert "Begin of the interrupt: SysTick" not in told(caplog)


def test_a_watchpoint_names_the_writer(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute(f"""sysbus AddWatchpointHook {RAM} 4 Write "self.InfoLog('{{0}}: {{1}}', cpu.PC, value)" """)
    monitor.execute(f"""sysbus AddWatchpointHook {RAM + 8} DoubleWord ReadAndWrite "cpu.InfoLog('tick')" """)
    run(monitor, 250)
    assert told(caplog)[0] == f"0x{program().labels['store']:x}: 1"
    assert told(caplog).count("tick") == 2
    monitor.execute(f"sysbus RemoveAllWatchpointHooks {RAM}; sysbus RemoveAllWatchpointHooks {RAM + 8}")
    caplog.clear()
    run(monitor)
    assert told(caplog) == []
    assert not monitor.machine.cpu.hooking.armed
    assert "expected one of Byte, Word, DoubleWord, QuadWord or a whole number, found 16" in refused(
        monitor, f'sysbus AddWatchpointHook {RAM} 16 Read ""'
    )
    assert "expected one of Read, Write, ReadAndWrite, found Execute" in refused(
        monitor, f'sysbus AddWatchpointHook {RAM} 4 Execute ""'
    )


def test_a_hook_may_change_what_a_device_reads_and_is_written(monitor: Monitor) -> None:
    monitor.execute('sysbus SetHookAfterPeripheralRead sysbus.pydev "value = value + 2" <0x4, 0x7>')
    assert monitor.execute("sysbus ReadDoubleWord 0x40000000") == "0x00000000"
    assert monitor.execute("sysbus ReadDoubleWord 0x40000004") == "0x00000002"
    monitor.execute('sysbus SetHookBeforePeripheralWrite ram "value = value + offset"')
    monitor.execute("sysbus WriteByte 0x20000010 0xF5")
    assert monitor.execute("sysbus ReadByte 0x20000010") == "0x05"
    monitor.execute("sysbus ClearHookBeforePeripheralWrite ram; sysbus ClearHookAfterPeripheralRead pydev")
    monitor.execute("sysbus WriteByte 0x20000010 0xF5")
    assert monitor.execute("sysbus ReadByte 0x20000010") == "0xF5"
    assert monitor.execute("sysbus ReadDoubleWord 0x40000004") == "0x00000000"
    assert not monitor.machine.sysbus._special


def test_a_value_hook_that_leaves_no_number_changes_nothing(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute("""sysbus SetHookBeforePeripheralWrite ram "value = 'text'" """)
    monitor.execute("sysbus WriteByte 0x20000010 0x12")
    assert monitor.execute("sysbus ReadByte 0x20000010") == "0x12"
    assert "value is text: expected an integer" in caplog.text


def test_locked_addresses_give_nothing(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute("sysbus SetAddressRangeLocked <0x40000000, 0x40000007> true")
    assert monitor.execute("sysbus IsAddressRangeLocked <0x3FFFFFFF 2>") == "True"
    assert monitor.execute("sysbus ReadQuadWord 0x40000004") == "0x0000000000000000"
    monitor.execute("sysbus WriteByte 0x40000007 1; sysbus WriteByte 0x40000008 1")
    assert told(caplog) == [
        "Tried to read 8 bytes at 0x40000004 which is inside a locked address range, returning 0",
        "Tried to write 1 bytes (0x1) at 0x40000007 which is inside a locked address range, write ignored",
    ]
    monitor.execute("sysbus SetAddressRangeLocked <0x40000002, 0x40000003> false")
    rules = monitor.machine.sysbus.rules
    assert [rules.is_locked(each, each) for each in range(0x40000001, 0x40000005)] == [True, False, False, True]


def test_memory_is_locked_as_a_whole_and_for_the_core_too(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    message = refused(monitor, f"sysbus SetAddressRangeLocked <{RAM + 16}, {RAM + 32}> true")
    assert "have to be fully included" in message and "ram registered at <0x20000000, 0x2000FFFF>" in message
    monitor.execute(f"sysbus SetAddressRangeLocked <{RAM}, {RAM + 0xFFFF}> true")
    run(monitor, 150)
    assert any("Tried to write 4 bytes (0x1) at 0x20000000" in entry for entry in told(caplog))
    monitor.execute(f"sysbus SetAddressRangeLocked <{RAM}, {RAM + 0xFFFF}> false; machine Reset")
    assert monitor.machine.sysbus.read(RAM, 4) == 0
    run(monitor, 450)
    assert monitor.machine.sysbus.read(RAM, 4) == 3


def test_accesses_are_logged_where_asked(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute("sysbus LogPeripheralAccess nvic; sysbus LogPeripheralAccess ram")
    run(monitor, 60)
    place = program().labels["start"] + 10
    assert told(caplog) == [
        f"[cpu: 0x{place:X}] WriteUInt32 to 0x14 (LOAD), value 0xC8",
        f"[cpu: 0x{place + 4:X}] WriteUInt32 to 0x10 (CTRL), value 0x7",
    ]
    caplog.clear()
    monitor.execute(f"sysbus SetPageAccessViaIo {RAM}; sysbus ReadWord {RAM}; sysbus LogPeripheralAccess nvic false")
    run(monitor, 200)
    assert told(caplog)[0] == "ReadUInt16 from 0x0 (unknown), returned 0x1"
    store = program().labels["store"]
    assert f"[cpu: 0x{store:X}] WriteUInt32 to 0x0 (unknown), value 0x2" in told(caplog)
    assert monitor.machine.sysbus.read(RAM, 4) == 2
    monitor.execute(f"sysbus ClearPageAccessViaIo {RAM}; sysbus LogAllPeripheralsAccess false")
    caplog.clear()
    run(monitor, 400)
    assert told(caplog) == []
    assert monitor.machine.sysbus.read(RAM, 4) == 4
    monitor.execute("sysbus LogAllPeripheralsAccess; sysbus ReadByte 0x40000000")
    assert told(caplog) == ["ReadByte from 0x0 (unknown), returned 0x0"]


def test_steps_and_modes(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    start = program().labels["start"]
    assert monitor.execute("cpu Step 2") == f"0x{start + 8:x}"  # movw, movt
    assert monitor.execute("cpu Step") == f"0x{start + 10:x}"
    assert monitor.execute("cpu ExecutionMode") == "SingleStep"
    assert monitor.execute("cpu ExecutedInstructions") == "0x0000000000000003"
    assert "waits for steps" in refused(monitor, 'emulation RunFor "0.001"')
    monitor.execute('emulation SingleStepBlocking false; emulation RunFor "0.001"')
    assert monitor.execute("emulation SingleStepBlocking") == "False"
    assert monitor.execute("cpu PC") == f"0x{start + 10:x}"
    monitor.execute("cpu ExecutionMode Continuous")
    run(monitor)
    assert monitor.machine.sysbus.read(RAM, 4) > 2
    assert "expected one of Continuous, SingleStep" in refused(monitor, "cpu ExecutionMode Fast")


def test_registers_by_name_and_number(monitor: Monitor) -> None:
    monitor.execute('cpu SetRegister "R4" 0x1234; cpu SetRegister 5 0x20; cpu SetRegister "R6" 7')
    monitor.execute("cpu SP 0x20001000; cpu LR 0x8000101")
    assert [monitor.execute(f"cpu GetRegister {which}") for which in ('"R4"', "5", '"r6"', "13")] == [
        "0x1234", "0x20", "0x7", "0x20001000",
    ]  # fmt: skip
    assert (monitor.execute("cpu GetRegister 4"), monitor.execute("cpu LR")) == ("0x1234", "0x8000101")
    monitor.execute('cpu SetRegister 28 1; cpu SetRegister "D1" 0x3FF0000000000000')
    assert monitor.execute("cpu PRIMASK") == "0x1"
    assert monitor.execute('cpu GetRegister "S3"') == "0x3ff00000"
    assert monitor.execute("cpu CurrentSP") == monitor.execute("cpu SP")
    assert "R4" in monitor.execute("cpu GetRegistersValues").upper()
    assert "no register Q1" in refused(monitor, 'cpu GetRegister "Q1"')


@pytest.mark.parametrize("toolchain", ["zig", "gcc"])
def test_assembling_and_disassembling(monkeypatch: pytest.MonkeyPatch, toolchain: str) -> None:
    has_zig = importlib.util.find_spec("ziglang") is not None
    if toolchain == "gcc":
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    if not (has_zig if toolchain == "zig" else shutil.which("arm-none-eabi-gcc")):
        pytest.skip(f"no {toolchain} here")
    code = "start: movs r0, #1; ldr r1, =0x12345678\nite eq\nmoveq r2, #1\nmovne r2, #2\nsel r4, r1, r0\nb start"
    made = assemble(0x20000000, code)
    assert made[:2] == b"\x01\x20" and made[-4:] == (0x12345678).to_bytes(4, "little")
    lines = disassemble(0x20000000, made[:-4]).splitlines()
    assert lines[0] == "0x20000000:   2001        movs\tr0, #1"
    assert [line.split("\t")[0].split()[-1] for line in lines[2:7]] == ["ite", "moveq", "movne", "sel", "b"]
    with pytest.raises(CrosscamError, match=r"Failed to assemble\. Reason: "):
        assemble(0, "bogus r0")


def test_no_assembler_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(CrosscamError, match="pip install ziglang, or install arm-none-eabi-gcc"):
        assemble(0, "nop")


def test_assembled_code_runs(monitor: Monitor) -> None:
    assert monitor.execute('cpu AssembleBlock 0x20000100 "movw r0, #0x1234; adds r0, #1"') == "0x00000006"
    monitor.execute("cpu PC 0x20000100; cpu Step 2")
    assert monitor.execute("cpu GetRegister 0") == "0x1235"
    assert "movw" in monitor.execute("cpu DisassembleBlock 0x20000100 6")
    monitor.execute("sysbus WriteDoubleWord 0x20000100 0x0403F023")
    assert monitor.execute("cpu DisassembleBlock 0x20000100 4").split() == [
        "0x20000100:", "f0230403", "bic", "r4,", "r3,", "#3"
    ]  # fmt: skip
    monitor.execute("sysbus WriteQuadWord 0x20000100 0xE7FE426DF44F")
    lines = monitor.execute("cpu DisassembleBlock 0x20000100 6").splitlines()
    assert [line.split()[-1] for line in lines] == ["#60672", "#0x20000104"]


def test_functions_and_blocks_are_logged_where_asked(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    from sim.engine.elf import ElfImage, Symbol

    labels = program().labels
    symbols = [
        Symbol("main", labels["start"], labels["tick"] - labels["start"], True),
        Symbol("tick", labels["tick"], 8, True),
    ]
    monitor.machine.symbols = ElfImage(symbols=symbols, _functions=symbols, _starts=[each.address for each in symbols])
    monitor.execute("cpu LogFunctionNames true true")
    run(monitor, 430)
    names = [entry.split()[2] for entry in told(caplog)]
    assert names == ["main", "tick", "main", "tick", "main"]
    assert told(caplog)[0] == f"Entering function main (entry) at 0x{labels['start']:X}"
    monitor.execute('cpu LogFunctionNames true "tick"')
    caplog.clear()
    run(monitor, 430)
    assert {entry.split()[2] for entry in told(caplog)} == {"tick"}
    monitor.execute("cpu LogFunctionNames false; cpu LogTranslationBlockFetch true")
    caplog.clear()
    run(monitor, 430)
    assert f"Fetching block @ 0x{labels['tick']:08X} - tick (entry)" in told(caplog)
    assert monitor.execute("cpu LogTranslationBlockFetch") == "True"
    monitor.execute("cpu LogTranslationBlockFetch false")
    caplog.clear()
    run(monitor, 430)
    assert told(caplog) == []


def test_lines_of_a_uart_and_pins(monitor: Monitor, caplog: pytest.LogCaptureFixture) -> None:
    monitor.execute("""uart AddLineHook "ready" "self.InfoLog(line + '!')" """)
    for byte in b"not yet\r\nnow ready\r\n":
        monitor.execute(f"sysbus WriteByte 0x40001000 {byte}")
    assert told(caplog) == ["now ready!"]
    assert monitor.execute("nvic IRQ") == "GPIO: unset"
    monitor.execute("""nvic IRQ AddStateChangedHook "self.InfoLog(str(state))"; nvic IRQ Set true; nvic IRQ Toggle""")
    assert told(caplog)[1:] == ["True", "False"]
    assert "does not provide a field, method or property Explode" in refused(monitor, "nvic IRQ Explode")
