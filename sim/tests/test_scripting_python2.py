"""Python 2 spellings in scripts, as Renode's IronPython takes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.engine.scripting.python2 import to_python3
from sim.errors import CrosscamError


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('print "a", 3', 'print("a", 3)'),
        ("print", "print()"),
        ("print [1, 2]", "print([1, 2])"),
        ("print x,", "print(x , end=' ')"),
        ('print "%02X" % data[b] , # note', "print(\"%02X\" % data[b]  , end=' ') # note"),
        ("print >>f, a, b", "print(  a, b, file=f)"),
        ('print("fine")', 'print("fine")'),
        ('print ("a"), "b"', 'print(("a"), "b")'),
        ('print "a" + (\n    "b")', 'print("a" + (\n    "b"))'),
        ("if x: print 1; y = 0755", "if x: print(1); y = 0o755"),
        ("try:\n    f()\nexcept (A, B), e:\n    print e", "try:\n    f()\nexcept (A, B) as e:\n    print(e)"),
        ('raise KeyError, "text"', 'raise KeyError( "text")'),
        ('exec "code"', 'exec("code")'),
        ("x = 10L + 0x1FL + 0", "x = 10 + 0x1F + 0"),
        ('s = "print 0755"  # print 0755', 's = "print 0755"  # print 0755'),
    ],
)
def test_spellings(old: str, new: str) -> None:
    assert to_python3(old) == new
    compile(new, "<new>", "exec")


def test_text_that_is_no_python_at_all() -> None:
    assert to_python3("print (((") is None
    with pytest.raises(CrosscamError, match="<python>:1: not a valid script"):
        Monitor().execute('python "print ((("')


def test_monitor_commands_in_python_2(tmp_path: Path) -> None:
    script = tmp_path / "commands.py"
    script.write_text(
        'def mc_greet(name):\n    try:\n        raise KeyError, "nobody"\n    except KeyError, error:\n'
        '        print "hello %s," % name,\n        print error\n'
    )
    monitor = Monitor()
    monitor.include(script)
    assert monitor.execute('greet "you"') == "hello you, 'nobody'"
    assert monitor.execute("python \"print 'a', 010\"") == "a 8"


def test_errors_keep_their_line(tmp_path: Path) -> None:
    script = tmp_path / "broken.py"
    script.write_text('print "one"\nprint "two"\nprint 1 / 0\n')
    with pytest.raises(CrosscamError, match=r"broken\.py:3: ZeroDivisionError"):
        Monitor().include(script)
