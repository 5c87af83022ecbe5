import subprocess
from pathlib import Path

import pytest

from onefold.demo_secrets import TOKENS, secrets_of
from onefold.env_files import read_env, write_env

AWKWARD = {
    "PLAIN": "of_abc_123-_x",
    "SPACES": "a b  c",
    "QUOTES": 'it\'s "so"',
    "SHELL": "$HOME `id` \\ ! # ; & | > *",
    "EMPTY": "",
    "EQUALS": "a=b==",
    "LETTERS": "İstanbul",
}


@pytest.mark.parametrize("name", AWKWARD)
def test_a_shell_and_we_read_the_same(tmp_path: Path, name: str) -> None:
    write_env(tmp_path / "demo.env", "It's a heading.", AWKWARD)
    said = subprocess.run(
        ["sh", "-c", f'. "$0" && printf %s "${name}"', str(tmp_path / "demo.env")], capture_output=True, check=True
    )
    assert said.stdout.decode() == AWKWARD[name]
    assert read_env(tmp_path / "demo.env")[name] == AWKWARD[name]


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "demo.env"
    path.write_text("old")
    path.chmod(0o644)
    write_env(path, "Heading", AWKWARD)
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    first = secrets_of(tmp_path)
    assert secrets_of(tmp_path) == first
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert len(set(first.values())) == len(first)


def test_a_secret_that_an_older_file_lacks_is_added(tmp_path: Path) -> None:
    first = secrets_of(tmp_path)
    older = {name: value for name, value in first.items() if name != "ONEFOLD_ADMIN_TOKEN"}
    write_env(tmp_path / "secrets.env", "Older", older)
    assert older.items() < secrets_of(tmp_path).items()


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_is_an_id_and_a_secret(tmp_path: Path, name: str) -> None:
    token = secrets_of(tmp_path)[name]
    assert len(token) == len("of_") + 8 + len("_") + 43
    assert token.startswith("of_")
    assert token[3:11].isalnum()
    assert token[3:11] == token[3:11].lower()
