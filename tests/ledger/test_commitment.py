import hmac

from hypothesis import given
from hypothesis import strategies as st

from domain.canonical import canonical
from ledger.commitment import SALT_LENGTH, commitment, value_key

SALT = bytes(range(SALT_LENGTH))
_VALUES = st.none() | st.text() | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)


def test_a_commitment_is_keyed_by_the_salt_and_the_path() -> None:
    wanted = hmac.digest(hmac.digest(SALT, b"fields/email", "sha256"), b'"a@jerm.example"', "sha256").hex()
    assert commitment(SALT, "fields/email", "a@jerm.example") == wanted


@given(st.text(), _VALUES)
def test_one_values_key_proves_it(path: str, value: object) -> None:
    """An auditor who is given the value and its key needs no salt."""
    proven = hmac.digest(value_key(SALT, path), canonical(value), "sha256").hex()
    assert proven == commitment(SALT, path, value)


@given(path=st.text(), other=st.text(), value=_VALUES)
def test_and_nothing_else(path: str, other: str, value: object) -> None:
    """With the key of one path, the commitment at another one can't be tried against guesses."""
    if path == other:
        return
    key = value_key(SALT, path)
    assert hmac.digest(key, canonical(value), "sha256").hex() != commitment(SALT, other, value)
    assert key != value_key(SALT, other)
    assert SALT not in key


@given(_VALUES, _VALUES)
def test_another_value_has_another_commitment(value: object, other: object) -> None:
    same = canonical(value) == canonical(other)
    assert (commitment(SALT, "snapshot", value) == commitment(SALT, "snapshot", other)) == same


def test_another_salt_has_another_commitment() -> None:
    assert commitment(SALT, "snapshot", "NL") != commitment(SALT[::-1], "snapshot", "NL")


def test_the_value_itself_is_not_in_it() -> None:
    assert b"NL".hex() not in commitment(bytes(SALT_LENGTH), "fields/Country", "NL" * 20)
