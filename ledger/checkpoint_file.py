"""A file of checkpoints: notes one below the other, an empty line after each, only ever appended to.

A write that was cut short is left as it is and marked, since nothing is ever taken from the file.
"""

import re

END = "\n\n"
_CUT_SHORT = f" (cut short){END}"
# Three lines or more, an empty one, and whole signature lines. What was cut short is none.
_NOTE = re.compile("(?:[^\n]+\n){3,}\n(?:\u2014 \\S+ [A-Za-z0-9+/]+=*\n)+")


def notes_in(text: str) -> list[str]:
    """The notes of such a file, the last one last; of a file with a single note, this one."""
    return _NOTE.findall(text)


def appended(note: str, after: str) -> str:
    """What to write for a note. `after` is how the file ends, two characters at least; empty where it is new."""
    return f"{'' if not after or after.endswith(END) else _CUT_SHORT}{note}\n"
