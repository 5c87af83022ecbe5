"""Text as a person can see it: what would be invisible, or change how its neighbours look, shows its code point."""

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
# Letters, marks and symbols by category, yet nothing is drawn for them.
_BLANK = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0}
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)
_OVERLAY = 1  # the combining class of what is drawn through a letter: a page strikes out so what is lost
_LINES = {"\u0305", "\u0332", "\u0333", "\u033f"}  # over and under a letter, joining to one
_MOST_MARKS = 5  # on one letter: as many as writing needs, too few to reach other lines


def visible(text: str) -> str:
    """The text with `<U+202E>` in place of characters that hide, move, strike out or cover."""
    shown = []
    marks = _MOST_MARKS  # at the beginning there is no letter of its own to stand on
    for one in text:
        marks = marks + 1 if unicodedata.category(one) in {"Mn", "Me"} else 0
        shown.append(f"<U+{ord(one):04X}>" if marks > _MOST_MARKS or _hidden(one) else one)
    return "".join(shown)


def right_to_left(text: str) -> bool:
    """Whether any of it is read so: what stands beside it on a line would move."""
    return any(unicodedata.bidirectional(one) in {"R", "AL", "AN"} for one in text)


def _hidden(character: str) -> bool:
    if character == " ":
        return False
    category = unicodedata.category(character)
    return category in _HIDDEN or ord(character) in _BLANK or _strikes(character, category)


def _strikes(character: str, category: str) -> bool:
    return category == "Me" or unicodedata.combining(character) == _OVERLAY or character in _LINES
