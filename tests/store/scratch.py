"""Databases of their own for tests that break one: copies of one that is made once."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg

from onefold.embedded.postgres import OWNER
from store.engine import Store
from tests.stack import LEDGER_KEYRING, Stack, named

_numbers = itertools.count()


@dataclass(frozen=True)
class Scratch:
    url: str
    owner_url: str
    admin_url: str
    store: Store

    def break_by_hand(self, statement: bytes, parameters: Mapping[str, object] | None = None) -> None:
        """As the superuser, and without triggers: foreign keys do not protect against somebody who may do all."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute("SET session_replication_role = replica")
            admin.execute(statement, parameters)


@asynccontextmanager
async def copy_of(stack: Stack, original: str) -> AsyncIterator[Scratch]:
    """A copy of a database that nobody is connected to; dropped when the block ends."""
    name = f"{original}_{next(_numbers)}"
    with psycopg.connect(stack.postgres.admin_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{original}"')
        store = Store.connect(named(stack.postgres.url, name), pool_size=2, ledger_keys=LEDGER_KEYRING)
        try:
            url, owner_url, admin_url = (
                named(one, name) for one in (stack.postgres.url, stack.postgres.owner_url, stack.postgres.admin_url)
            )
            yield Scratch(url, owner_url, admin_url, store)
        finally:
            await store.close()
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
