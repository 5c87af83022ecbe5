"""The file itself: what it is made of, what it says of itself, and what the command lets into an export."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from domain.roles import Role
from ledger.findings import FindingKind
from ledger.offline import exit_codes
from onefold.verifier_file import verifier as bytes_of_verifier
from store.engine import Store
from store.tokens import Scope
from tests.audit.made import Verifier, onefold
from tests.audit.tar import Tar
from tests.stack import LEDGER_KEYRING
from tests.store.world import HERE
from tests.tenant import person_token, token_for

ROOT = Path(__file__).parents[2]


def test_the_same_sources_give_the_same_bytes(verifier: Verifier) -> None:
    assert hashlib.sha256(bytes_of_verifier()).hexdigest() == hashlib.sha256(verifier.path.read_bytes()).hexdigest()


def test_it_holds_the_very_code_that_merges(verifier: Verifier) -> None:
    with zipfile.ZipFile(verifier.path) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    ours = {str(file.relative_to(ROOT)) for layer in ("domain", "ledger") for file in (ROOT / layer).glob("*.py")}
    assert {name for name in held if not name.startswith("rfc8785/")} == {*ours, "__main__.py"}
    assert all(held[name] == (ROOT / name).read_bytes() for name in ours)


def test_its_help_names_every_exit_code(verifier: Verifier) -> None:
    ended = verifier.run("--help")
    assert ended.code == 0
    assert all(f" {kind.exit_code}  {kind.word} " in ended.out and kind.advice in ended.out for kind in FindingKind)


def test_so_do_the_docs() -> None:
    docs = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for code, word, advice in exit_codes():
        assert f"| {code} | {word} | {advice} |" in docs


@pytest.mark.parametrize("key", ["onefold", "onefold.example+00000000+AQ==", ""])
def test_a_key_that_is_none_is_wrong_usage(key: str, exported: Tar, verifier: Verifier, tmp_path: Path) -> None:
    ended = verifier(exported.write(tmp_path / "export.tar"), key=key)
    assert (ended.code, "a verifier key" in ended.err) == (2, True)


def test_without_cryptography_it_says_what_it_needs(exported: Tar, verifier: Verifier, tmp_path: Path) -> None:
    alone = Verifier(verifier.path, tmp_path)
    ended = alone(exported.write(tmp_path / "export.tar"))
    assert (ended.code, "pip install cryptography" in ended.err) == (1, True)


def test_an_export_without_values_holds_none_and_says_so(
    env: dict[str, str], verifier: Verifier, tmp_path: Path
) -> None:
    path = tmp_path / "export.tar"
    assert onefold(env, "audit", "export", "--database", HERE, "--out", path).code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert not any(value in path.read_bytes() for value in (b"Burger", b"Pizza", b"m1|c1"))
    ended = verifier(path)
    assert ended.code == 0
    assert "Not proven: that the merges follow from what was read" in ended.out


def test_an_export_is_never_written_over(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "export.tar").write_bytes(b"evidence")
    ended = onefold(env, "audit", "export", "--database", HERE, "--out", tmp_path / "export.tar")
    assert (ended.code, "(file-exists)" in ended.err) == (1, True)
    assert (tmp_path / "export.tar").read_bytes() == b"evidence"


async def test_a_person_exports_and_values_who_may_read_them(env: dict[str, str], audited: str, tmp_path: Path) -> None:
    """Nothing is left behind by those who may not."""
    store = Store.connect(audited, pool_size=2, ledger_keys=LEDGER_KEYRING)
    elsewhere = await person_token(store, [30000], Role.AUDITOR)
    service = await token_for(store, [HERE], [Scope.ADMIN])
    await store.close()
    for token, told in ((elsewhere, "database-not-found"), (service, "person-required"), ("of_x", "unauthenticated")):
        asked = {**env, "ONEFOLD_AUDITOR_TOKEN": token}
        ended = onefold(asked, "audit", "export", "--database", HERE, "--out", tmp_path / "export.tar", "--values")
        assert f"({told})" in ended.err
        assert ended.code != 0
    assert not any(os.scandir(tmp_path))


def test_without_the_key_nothing_is_exported(env: dict[str, str], tmp_path: Path) -> None:
    unset = {name: value for name, value in env.items() if not name.startswith("ONEFOLD_CHECKPOINT")}
    ended = onefold(unset, "audit", "export", "--database", HERE, "--out", tmp_path / "export.tar")
    assert (ended.code, "ONEFOLD_CHECKPOINT_KEY is not set" in ended.err) == (1, True)
