import pytest

from ledger.checkpoint import Checkpoint, open_checkpoint, origin_of
from ledger.note import NoteRefused, SigningKey, VerifierKey

KEY = SigningKey("onefold.example", bytes(range(32)))
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint("onefold.example/17", 20852163, ROOT)

# The example of C2SP's tlog-checkpoint: its text; the specification does not print the key.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_a_checkpoint_is_three_lines() -> None:
    assert CHECKPOINT.text() == "onefold.example/17\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert origin_of("onefold.example", 17) == CHECKPOINT.origin


def test_the_text_of_the_specification_reads_as_it_was_written() -> None:
    opened = open_checkpoint(KEY.sign(EXAMPLE), [KEY.verifier])
    assert (opened.origin, opened.size) == ("example.com/behind-the-sofa", 20852163)
    assert opened.text() == EXAMPLE


@pytest.mark.parametrize("size", [0, 1, 2**63])
def test_it_comes_back_as_it_was_signed(size: int) -> None:
    checkpoint = Checkpoint("onefold.example/1", size, ROOT)
    assert open_checkpoint(checkpoint.signed(KEY), [KEY.verifier]) == checkpoint


def test_lines_below_are_nobodys_business() -> None:
    note = KEY.sign(CHECKPOINT.text() + "an extension\n")
    assert open_checkpoint(note, [KEY.verifier]) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        "onefold.example/17\n",
        "onefold.example/17\n3\n",
        "onefold.example/17\n3\n!\n",
        "onefold.example/17\n3\nAAEC\n",
        "onefold.example/17\n03\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "onefold.example/17\n-3\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "onefold.example/17\nx\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "onefold.example/17\n1_0\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "\n3\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
    ],
)
def test_what_is_signed_and_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused, match="not a checkpoint"):
        open_checkpoint(KEY.sign(text), [KEY.verifier])


def test_a_checkpoint_that_nobody_known_signed_is_refused() -> None:
    with pytest.raises(NoteRefused, match="not signed by the key"):
        open_checkpoint(CHECKPOINT.signed(KEY), [VerifierKey("onefold.example", ROOT)])
