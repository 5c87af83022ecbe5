"""People with passwords in a database that asks them, and what waits there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx

from domain.roles import Role
from store import passwords
from store.engine import Store
from tests.tenant import Tenant, person_token
from tests.web.visitors import PASSWORD, sign_in, visitor

RISKY = {"ask": "when", "rules": {"emailsDiffer": True, "bothIdentified": True}}


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in."""

    email: str
    name: str = "Tess Tester"


async def account(store: Store, tenant: Tenant, role: Role = Role.SPECIALIST) -> Account:
    made = Account(f"{uuid4().hex[:12]}@people.example")
    await person_token(store, [tenant.id], role, made.email)
    await passwords.set_password(store, made.email, PASSWORD)
    return made


@asynccontextmanager
async def signed_in(url: str, who: Account) -> AsyncIterator[httpx.AsyncClient]:
    async with visitor(url) as browser:
        assert (await sign_in(browser, who.email)).status_code == 303
        yield browser
