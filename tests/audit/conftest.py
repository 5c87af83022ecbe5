import sys
from pathlib import Path

import pytest

from domain.roles import Role
from ledger.events import Event, EventKind
from store import sealing
from store.engine import Store
from store.journal import record
from tests.audit.made import SIGNING, Verifier, onefold
from tests.audit.tar import Tar
from tests.stack import LEDGER_KEYRING, Stack, new_database
from tests.store.world import ASKING, HERE, make_world
from tests.tenant import person_token

PACKAGES = ("cryptography", "cffi", "_cffi_backend*")
"""What the verifier may use beside Python's standard library; the last two are `cryptography`'s own."""


@pytest.fixture(scope="session")
async def audited(stack: Stack) -> str:
    """The URL of a database with every outcome in it, and its journal sealed."""
    url = new_database(stack, "audited")
    store = Store.connect(url, pool_size=2, ledger_keys=LEDGER_KEYRING)
    await make_world(store)
    async with store.transaction() as connection:
        await record(connection, Event(EventKind.VALUES_SEARCHED, HERE))
    await sealing.seal_all(store)
    await store.close()
    return url


@pytest.fixture(scope="session")
async def auditor(audited: str) -> str:
    """A personal token of somebody who may read everything."""
    store = Store.connect(audited, pool_size=2, ledger_keys=LEDGER_KEYRING)
    bearer = await person_token(store, None, Role.AUDITOR)
    await store.close()
    return bearer


@pytest.fixture(scope="session")
def env(stack: Stack, audited: str, auditor: str) -> dict[str, str]:
    """What the command needs to export."""
    return {**stack.env, **SIGNING, "DATABASE_URL": audited, "ONEFOLD_AUDITOR_TOKEN": auditor}


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Verifier:
    folder = tmp_path_factory.mktemp("elsewhere")
    packages = folder / "packages"
    packages.mkdir()
    for file in (file for name in PACKAGES for file in Path(_site_packages()).glob(name)):
        (packages / file.name).symlink_to(file)
    path = folder / "onefold-verify.pyz"
    assert onefold(env, "audit", "verifier", "--out", path).code == 0
    return Verifier(path, packages)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Tar:
    """HERE's record, in which nobody was asked, with its values."""
    return _export(tmp_path_factory, env, HERE)


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Tar:
    """ASKING's record: a person was asked about each merge."""
    return _export(tmp_path_factory, env, ASKING)


def _export(factory: pytest.TempPathFactory, env: dict[str, str], database_id: int) -> Tar:
    path = factory.mktemp("export") / "export.tar"
    ended = onefold(env, "audit", "export", "--database", database_id, "--out", path, "--values")
    assert ended.code == 0, ended.err
    return Tar.read(path)


def _site_packages() -> str:
    return next(one for one in sys.path if one.endswith("site-packages"))
