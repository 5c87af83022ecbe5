"""Whoever tampers with an export is found out by the file that an auditor runs, each way with its own exit code."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ledger.findings import FindingKind
from ledger.note import SigningKey
from tests.audit.made import KEY, Check, Ended, Verifier, in_this_process
from tests.audit.tampering import SEALED, TAMPERINGS, Tampering
from tests.audit.tar import Tar

STRANGER = SigningKey(KEY.name, bytes(32))


@pytest.mark.parametrize("what", TAMPERINGS)
def test_the_operator_is_found_out_when(
    what: str, exported: Tar, asked: Tar, verifier: Verifier, tmp_path: Path
) -> None:
    """Who has the key signs a new manifest: what was kept elsewhere, and the record itself, speak against it."""
    done = TAMPERINGS[what]
    original = asked if done.of_asked else exported
    ended = _check(
        verifier if done.as_process else in_this_process, done, done.change(original).signed(KEY), original, tmp_path
    )
    assert ended.code == done.kind.exit_code, ended.out
    assert any(done.sentence in _told(finding) for finding in ended.json["findings"]), ended.out


@pytest.mark.parametrize("what", [what for what, done in TAMPERINGS.items() if not done.receipts])
def test_somebody_on_the_way_is_found_out_also_by_the_manifest_when(
    what: str, exported: Tar, asked: Tar, tmp_path: Path
) -> None:
    done = TAMPERINGS[what]
    original = asked if done.of_asked else exported
    ended = _check(in_this_process, done, done.change(original), original, tmp_path)
    assert {done.kind.word, "contents"} <= ended.kinds
    assert ended.code != 0


def test_the_same_evidence_finds_nothing_in_what_was_not_touched(
    exported: Tar, asked: Tar, verifier: Verifier, tmp_path: Path
) -> None:
    evidence = Tampering(lambda tar: tar, FindingKind.LIVE, "", known=(1, 4, SEALED), receipts=({"seq": 6},))
    ended = _check(verifier, evidence, exported, exported, tmp_path)
    assert (ended.code, ended.json["findings"]) == (0, [])
    assert (ended.json["checkpoints"], ended.json["receipts"], ended.json["replayed"]) == (3, 1, 6)
    (unproven,) = ended.json["notProven"]
    assert f"after entry {SEALED} of {SEALED + 1}" in unproven
    assert verifier(asked.write(tmp_path / "asked.tar")).code == 0


def test_an_export_that_somebody_else_signed_is_not_the_operators(
    exported: Tar, verifier: Verifier, tmp_path: Path
) -> None:
    ended = verifier(exported.signed(STRANGER).write(tmp_path / "export.tar"), "--json")
    assert (ended.code, ended.kinds) == (FindingKind.UNSIGNED.exit_code, {"unsigned"})


def test_a_manifest_that_was_changed_is_not_the_one_that_was_signed(exported: Tar, tmp_path: Path) -> None:
    changed = exported.having("manifest.json", exported.files["manifest.json"].replace(b'"by":', b'"by": '))
    ended = in_this_process(changed.write(tmp_path / "export.tar"), "--json")
    assert ended.code == FindingKind.CONTENTS.exit_code
    assert "the manifest is not the one that was signed" in ended.out


@pytest.mark.parametrize("by", [STRANGER, SigningKey("another", KEY.seed)])
def test_a_checkpoint_that_somebody_else_signed_proves_nothing(by: SigningKey, exported: Tar, tmp_path: Path) -> None:
    (tmp_path / "known").write_text(exported.checkpoint(4, by))
    ended = in_this_process(exported.write(tmp_path / "export.tar"), "--checkpoint", tmp_path / "known", "--json")
    assert (ended.code, ended.kinds) == (FindingKind.CHECKPOINT.exit_code, {"checkpoint"})


def test_a_checkpoint_of_another_chain_proves_nothing(exported: Tar, asked: Tar, tmp_path: Path) -> None:
    (tmp_path / "known").write_text(asked.checkpoint(4, KEY))
    ended = in_this_process(exported.write(tmp_path / "export.tar"), "--checkpoint", tmp_path / "known", "--json")
    assert (ended.code, ended.kinds) == (FindingKind.CHECKPOINT.exit_code, {"checkpoint"})
    assert "is of the chain onefold.example/30000, not of onefold.example/10000" in ended.out


def test_what_was_kept_proves_nothing_of_what_came_after(exported: Tar, tmp_path: Path) -> None:
    (tmp_path / "known").write_text(exported.checkpoint(4, KEY))
    ended = in_this_process(exported.write(tmp_path / "export.tar"), "--checkpoint", tmp_path / "known")
    assert ended.code == 0
    assert f"Not proven: that nothing was cut off or written anew after entry 4 of {SEALED + 1}" in ended.out


def test_who_holds_the_key_can_rewrite_what_nobody_kept_a_checkpoint_of(exported: Tar, tmp_path: Path) -> None:
    """Which is why checkpoints leave the house, and why the file says what it could not prove."""
    rewritten = TAMPERINGS["all was rewritten from the fifth on"].change(exported).signed(KEY)
    ended = in_this_process(rewritten.write(tmp_path / "export.tar"))
    assert ended.code == 0
    assert "Not proven: that nothing was cut off or written anew" in ended.out


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10240])
def test_what_is_no_export_is_told_as_such(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "export.tar").write_bytes(content)
    ended = in_this_process(tmp_path / "export.tar", "--json")
    assert (ended.code, ended.kinds) == (FindingKind.UNREADABLE.exit_code, {"unreadable"})


def test_half_an_export_is_told_as_such(exported: Tar, tmp_path: Path) -> None:
    path = exported.write(tmp_path / "export.tar")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert in_this_process(path).code == FindingKind.UNREADABLE.exit_code


def test_every_kind_of_finding_is_found_by_some_test() -> None:
    elsewhere = {FindingKind.UNREADABLE, FindingKind.UNSIGNED, FindingKind.CHECKPOINT}
    live_alone = {FindingKind.EVENTS, FindingKind.LIVE}
    assert {one.kind for one in TAMPERINGS.values()} | elsewhere | live_alone == set(FindingKind)
    assert len({kind.exit_code for kind in FindingKind}) == len(FindingKind)


def _check(run: Check, done: Tampering, given: Tar, original: Tar, folder: Path) -> Ended:
    """With the checkpoints and receipts that were kept from before."""
    kept: list[object] = []
    if done.known:
        known = folder / "known.checkpoints"
        known.write_text("\n".join(original.checkpoint(size, KEY) for size in done.known))
        kept += ["--checkpoint", known]
    for number, receipt in enumerate(done.receipts):
        path = folder / f"receipt{number}.json"
        path.write_text(json.dumps({"outcome": "merged", "receipt": {**original.receipt(_seq(receipt)), **receipt}}))
        kept += ["--receipt", path]
    return run(given.write(folder / "export.tar"), *kept, "--json")


def _seq(receipt: Mapping[str, object]) -> int:
    return int(str(receipt["seq"]))


def _told(finding: Mapping[str, object]) -> str:
    return f"entry {finding['seq']}: {finding['what']}" if finding["seq"] else str(finding["what"])
