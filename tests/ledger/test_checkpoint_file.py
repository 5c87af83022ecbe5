"""A place's file of checkpoints, whatever a power cut did to its end."""

import pytest

from ledger.checkpoint import Checkpoint, open_checkpoint
from ledger.checkpoint_file import appended, notes_in
from ledger.note import SigningKey

KEY = SigningKey("onefold", b"k" * 32)
FIRST, SECOND = (Checkpoint("onefold/10000", size, bytes([size]) * 32).signed(KEY) for size in (1, 2))


def file_of(*notes: str) -> str:
    text = ""
    for note in notes:
        text += appended(note, text[-2:])
    return text


def test_what_was_appended_is_read_in_its_order() -> None:
    assert notes_in(file_of(FIRST, SECOND)) == [FIRST, SECOND]
    assert notes_in("") == []


def test_a_single_note_is_such_a_file_too() -> None:
    assert notes_in(FIRST) == [FIRST]


@pytest.mark.parametrize("length", range(1, len(FIRST) + 1))
def test_a_write_that_was_cut_short_anywhere_is_no_note_and_hides_none(length: int) -> None:
    torn = file_of(FIRST) + FIRST[:length]
    assert notes_in(torn)[:1] == [FIRST]
    whole = torn + appended(SECOND, torn[-2:])
    read = notes_in(whole)
    assert (read[0], read[-1]) == (FIRST, SECOND)
    assert all(open_checkpoint(note, [KEY.verifier]) for note in read)


def test_what_somebody_changed_is_read_and_its_signature_tells() -> None:
    changed = file_of(FIRST).replace("\n1\n", "\n7\n")
    (note,) = notes_in(changed)
    with pytest.raises(ValueError, match="not one over its text"):
        open_checkpoint(note, [KEY.verifier])
