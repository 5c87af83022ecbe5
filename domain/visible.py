"""Text as a person can see it: what would be invisible, or would move its neighbours, shows its code point."""

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
# Letters, marks and symbols by category, yet nothing is drawn for them.
_BLANK = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0}
    | set(range(0xFE00, 0xFE10))
    | set(range(0xE0100, 0xE01F0))
)


def visible(text: str) -> str:
    """The text with `<U+202E>` in place of control, bidirectional and invisible characters."""
    return "".join(f"<U+{ord(one):04X}>" if _hidden(one) else one for one in text)


def _hidden(character: str) -> bool:
    if character == " ":
        return False
    return unicodedata.category(character) in _HIDDEN or ord(character) in _BLANK
