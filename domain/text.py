"""Which characters a name or an identity may hold."""

import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# What Unicode calls default-ignorable beyond those categories, and the blank Braille pattern: shown as nothing.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_LOST = "\ufffd"


def flaw(text: str, longest: int) -> str | None:
    """What is wrong with a name or identity value, or None: NFC is the caller's.

    Control, format, private and unassigned characters are refused, since two values that look alike must be alike.
    """
    if not text:
        return "must not be empty"
    if len(text) > longest:
        return f"must not be longer than {longest} characters"
    if _LOST in text:  # two values that were decoded badly would be one
        return "must not hold U+FFFD, which stands for a character that was lost"
    if _IGNORABLE.search(text) or any(unicodedata.category(character) in _INVISIBLE for character in text):
        return "must not hold control or invisible characters"
    if text[0].isspace() or text[-1].isspace():
        return "must not begin or end with a space"
    return None


def prose_flaw(text: str) -> str | None:
    """What is wrong with what somebody wrote for others to read, or None: it may have lines, but must be readable."""
    if not storable(text):
        return "must not hold NUL or half of a surrogate pair"
    if not any(
        character.isprintable() and not character.isspace() and not _IGNORABLE.match(character) for character in text
    ):
        return "must not be blank"
    return None


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL and no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
