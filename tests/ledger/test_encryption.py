import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.encryption import (
    Undecryptable,
    combined,
    data_key_place,
    decrypt,
    decrypt_payload,
    encrypt,
    encrypt_payload,
    new_data_key,
    unwrap,
    wrap,
)
from ledger.entry import Payload
from ledger.keyring import Keyring

KEY, OTHER = bytes(range(32)), bytes(32)
DOCUMENT = {"email": "albert@jerm.example", "id": "1009", "null": None, "list": ["a", True]}
PAYLOAD = Payload(7, bytes(32), {"snapshot": {"email": "albert@jerm.example"}})


def test_what_is_encrypted_is_read_back_with_its_key_in_its_place() -> None:
    encrypted = encrypt(KEY, "a/1", DOCUMENT)
    assert decrypt(KEY, "a/1", encrypted) == DOCUMENT
    assert b"albert" not in encrypted


def test_the_same_document_is_never_encrypted_alike() -> None:
    assert encrypt(KEY, "a/1", DOCUMENT) != encrypt(KEY, "a/1", DOCUMENT)


@given(at=st.integers(0), bit=st.integers(0, 7))
def test_no_bit_of_it_can_be_changed(at: int, bit: int) -> None:
    changed = bytearray(encrypt(KEY, "a/1", DOCUMENT))
    changed[at % len(changed)] ^= 1 << bit
    with pytest.raises(Undecryptable):
        decrypt(KEY, "a/1", bytes(changed))


@pytest.mark.parametrize(
    ("key", "place", "length"), [(OTHER, "a/1", 500), (KEY, "a/2", 500), (KEY, "a/1", 20), (KEY, "a/1", 0)]
)
def test_nothing_is_read_with_another_key_in_another_place_or_cut_off(key: bytes, place: str, length: int) -> None:
    with pytest.raises(Undecryptable):
        decrypt(key, place, encrypt(KEY, "a/1", DOCUMENT)[:length])


def test_a_payload_keeps_its_salt_and_values() -> None:
    encrypted = encrypt_payload(KEY, 10000, 3, 1, PAYLOAD)
    assert decrypt_payload(KEY, 10000, 3, 1, 7, encrypted) == PAYLOAD


@pytest.mark.parametrize("place", [(10001, 3, 1), (10000, 4, 1), (10000, 3, 0)])
def test_a_payload_is_read_in_its_own_place_alone(place: tuple[int, int, int]) -> None:
    with pytest.raises(Undecryptable):
        decrypt_payload(KEY, *place, 7, encrypt_payload(KEY, 10000, 3, 1, PAYLOAD))


def test_a_data_key_is_wrapped_by_the_first_key_and_unwrapped_by_whichever_wrapped_it() -> None:
    data_key, place = new_data_key(), data_key_place(10000, 7)
    key_id, wrapped = wrap(Keyring({"old": OTHER}), place, data_key)
    rotated = Keyring({"new": KEY, "old": OTHER})
    assert unwrap(rotated, place, key_id, wrapped) == data_key
    assert wrap(rotated, place, data_key)[0] == "new"
    assert data_key not in wrapped


@pytest.mark.parametrize("keyring", [Keyring({"new": KEY}), Keyring({"old": KEY})])
def test_a_data_key_is_not_unwrapped_by_others(keyring: Keyring) -> None:
    key_id, wrapped = wrap(Keyring({"old": OTHER}), "a", KEY)
    with pytest.raises(Undecryptable):
        unwrap(keyring, "a", key_id, wrapped)


def test_a_data_key_of_one_contact_is_not_taken_for_anothers() -> None:
    places = {data_key_place(database, contact) for database in (1, 11) for contact in (None, 0, 1, 11)}
    assert len(places) == 8
    keyring = Keyring({"k": KEY})
    key_id, wrapped = wrap(keyring, data_key_place(1, 7), OTHER)
    with pytest.raises(Undecryptable):
        unwrap(keyring, data_key_place(1, 8), key_id, wrapped)


def test_data_keys_are_random() -> None:
    assert len({new_data_key() for _ in range(10)}) == 10


def test_a_combined_key_takes_every_one_of_its_keys() -> None:
    one, other, third = new_data_key(), new_data_key(), new_data_key()
    both = combined([one, other])
    assert both == combined([one, other])
    assert len({both, one, other, combined([one, third]), combined([third, other])}) == 5
    assert combined([one]) == one
