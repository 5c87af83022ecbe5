"""Which characters a name or an identity may hold."""

import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def flaw(text: str, longest: int) -> str | None:
    """What is wrong with a name or identity value, or None: NFC is the caller's.

    Control, format, private and unassigned characters are refused, since two values that look alike must be alike.
    """
    if not text:
        return "must not be empty"
    if len(text) > longest:
        return f"must not be longer than {longest} characters"
    if any(unicodedata.category(character) in _INVISIBLE for character in text):
        return "must not hold control or invisible characters"
    if text[0].isspace() or text[-1].isspace():
        return "must not begin or end with a space"
    return None


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL and no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
