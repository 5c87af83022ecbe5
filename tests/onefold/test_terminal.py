import os
import pty
import subprocess
import sys

import pytest

LONG = "curl -sS -X PUT 'http://127.0.0.1:8080/databases/10000/x' -H 'Authorization: Bearer of_abc' [bold] :smile: " * 3
PROGRAM = f"""
import sys
from onefold.terminal import Terminal
terminal = Terminal()
terminal.say({LONG!r})
sys.stdin.readline()
terminal.say("after")
terminal.say("and after that")
print("still here", file=sys.stderr)
"""


def start(stdout: int, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )


def test_a_long_line_stays_one_line_in_a_narrow_terminal() -> None:
    ours, theirs = pty.openpty()
    with start(theirs, COLUMNS="40", TERM="xterm-256color") as process:
        process.communicate("\n")
    os.close(theirs)
    said = os.read(ours, 65536).decode()
    os.close(ours)
    assert said.splitlines()[0] == LONG


def test_a_long_line_stays_one_line_when_piped() -> None:
    with start(subprocess.PIPE, COLUMNS="40") as process:
        said, _ = process.communicate("\n")
    assert said.splitlines() == [LONG, "after", "and after that"]


def test_it_outlives_the_reader_of_its_pipe() -> None:
    with start(subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, complaints = process.communicate("\n")
    assert (process.returncode, complaints) == (0, "still here\n")


def test_it_outlives_its_terminal() -> None:
    ours, theirs = pty.openpty()
    with start(theirs) as process:
        os.close(theirs)
        os.read(ours, 65536)
        os.close(ours)
        _, complaints = process.communicate("\n")
    assert (process.returncode, complaints) == (0, "still here\n")


@pytest.mark.parametrize("locale", ["C", "tr_TR.ISO-8859-9", "POSIX"])
def test_a_letter_that_the_locale_lacks_is_said_some_other_way(locale: str) -> None:
    program = f"from onefold.terminal import Terminal; Terminal().say({'/tmp/日本/' + chr(0xDCFF)!a})"
    env = {"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"/tmp/")
