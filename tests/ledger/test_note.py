"""Signed notes: the example of the reference implementation's documentation byte for byte, and what is refused."""

from base64 import b64decode

import pytest

from ledger.note import KeyRefused, NoteRefused, SigningKey, VerifierKey, open_note

SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
NOTE = f"{TEXT}\n{SIGNATURE}"
SIGNER = SigningKey("PeterNeumann", SEED)
VERIFIER = VerifierKey.parse(KEY)
ANOTHER = SigningKey("another", bytes(32))


def test_the_known_note_is_signed_byte_for_byte() -> None:
    assert SIGNER.sign(TEXT) == NOTE
    assert str(SIGNER.verifier) == KEY
    assert open_note(NOTE, [VERIFIER]) == TEXT


def test_the_secret_is_not_shown() -> None:
    assert SEED.hex() not in repr(SIGNER)
    assert repr(SEED) not in repr(SIGNER)


def test_a_text_may_have_empty_lines_of_its_own() -> None:
    text = "a\n\nb\n\n"
    assert open_note(ANOTHER.sign(text), [ANOTHER.verifier]) == text


def test_signatures_of_unknown_keys_say_nothing() -> None:
    by_both = NOTE + ANOTHER.sign(TEXT).rpartition("\n\n")[2]
    assert open_note(by_both, [VERIFIER]) == TEXT
    assert open_note(by_both, [ANOTHER.verifier]) == TEXT
    with pytest.raises(NoteRefused, match="not signed by the key"):
        open_note(by_both, [SigningKey("a-third", bytes(32)).verifier])


def test_a_key_of_the_same_name_is_another_key() -> None:
    forged = SigningKey("PeterNeumann", bytes(32))
    with pytest.raises(NoteRefused, match="not signed by the key"):
        open_note(forged.sign(TEXT), [VERIFIER])


def test_another_text_under_a_signature_is_refused() -> None:
    with pytest.raises(NoteRefused, match="not one over its text"):
        open_note(NOTE.replace("answer", "Answer"), [VERIFIER])


def test_one_bad_signature_of_a_known_key_is_one_too_many() -> None:
    over_another = ANOTHER.sign("another text\n").rpartition("\n\n")[2]
    with pytest.raises(NoteRefused, match="not one over its text"):
        open_note(NOTE + over_another, [VERIFIER, ANOTHER.verifier])


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        SIGNATURE,
        TEXT + SIGNATURE,
        f"{TEXT}\n",
        NOTE.rstrip("\n"),
        f"{NOTE}\n",
        f"{NOTE}x\n",
        NOTE.replace("\u2014", "-"),
        NOTE.replace("\u2014 ", "\u2014"),
        NOTE.replace("PeterNeumann ", "PeterNeumann  "),
        NOTE.replace("PeterNeumann ", " "),
        NOTE.replace("x08g", "x08g!"),
        f"{TEXT}\n\u2014 PeterNeumann x08gow==\n",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("think", "thi\tnk"),
        f"{TEXT}\n{SIGNATURE * 101}",
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteRefused, match="is not a signed note"):
        open_note(note, [VERIFIER])


def test_sixteen_signatures_are_read() -> None:
    assert open_note(f"{TEXT}\n{SIGNATURE * 16}", [VERIFIER]) == TEXT


@pytest.mark.parametrize("text", ["", "no end of line", "a\rb\n", "a\x00\n"])
def test_what_can_not_be_a_notes_text_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="whole lines"):
        SIGNER.sign(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x01b"])
def test_a_name_that_a_line_could_not_hold_is_refused(name: str) -> None:
    with pytest.raises(KeyRefused):
        VerifierKey(name, VERIFIER.public)


def test_a_key_that_lost_or_changed_a_character_is_refused() -> None:
    for at, one in enumerate(KEY):
        for changed in (KEY[:at] + KEY[at + 1 :], KEY[:at] + chr(ord(one) + 1) + KEY[at + 1 :]):
            with pytest.raises(KeyRefused):
                VerifierKey.parse(changed)


@pytest.mark.parametrize(
    "key",
    [
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
    ],
)
def test_a_key_of_another_algorithm_or_length_is_refused(key: str) -> None:
    with pytest.raises(KeyRefused, match="Ed25519"):
        VerifierKey.parse(key)
