"""People with passwords in a database that asks them, and what waits there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from uuid import uuid4

import httpx

from domain.roles import Role
from store import passwords, people, sessions
from store.engine import Store
from tests.scenarios.approvals import execute
from tests.tenant import Tenant, person_token
from tests.web.visitors import COOKIE, PASSWORD, visitor

RISKY = {"ask": "when", "rules": {"emailsDiffer": True, "bothIdentified": True}}


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in."""

    store: Store
    email: str
    name: str = "Tess Tester"


async def account(store: Store, tenant: Tenant, role: Role = Role.SPECIALIST) -> Account:
    made = Account(store, f"{uuid4().hex[:12]}@people.example")
    await person_token(store, [tenant.id], role, made.email)
    await execute(store, "UPDATE people SET password_hash = :it WHERE email = :email", it=_hashed(), email=made.email)
    return made


@cache
def _hashed() -> str:
    """A password is made to cost a fifth of a second: the same for everybody, once."""
    return passwords._hasher.hash(PASSWORD)


@asynccontextmanager
async def signed_in(url: str, who: Account) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody whose session has just begun, as after giving their password."""
    person = await people.find(who.store, who.email)
    async with visitor(url) as browser:
        browser.cookies.set(COOKIE, await sessions.start(who.store, person, "Firefox"))
        yield browser
