"""What `onefold up` says: whole lines, never wrapped, so that they can be copied or piped."""

import io
import os
import sys

from rich.console import Console


class LastingConsole(Console):
    """Rich ends the program when its output has no reader any more; a supervisor still has servers to stop."""

    def on_broken_pipe(self) -> None:
        let_go_of_stdout()


class Terminal:
    def __init__(self) -> None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a folder's name may not fit the locale
        self._console = LastingConsole(soft_wrap=True, highlight=False, markup=False, emoji=False)

    def say(self, text: str = "", style: str | None = None) -> None:
        try:
            self._console.print(text, style=style)
        except OSError:
            let_go_of_stdout()


def let_go_of_stdout() -> None:
    """The terminal was closed, or the pipe's reader has gone: what is said from here on goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
