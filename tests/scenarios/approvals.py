"""People who decide, driving the API with tokens of their own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from domain.roles import Role
from store.engine import Store
from tests.tenant import Tenant, client, person_token

A, B, VALUE = "muidA|channelA", "muidB|channelB", "777374"


@dataclass(frozen=True)
class Reviewer:
    """A person with a personal token."""

    http: httpx.AsyncClient

    async def decide(self, merge_id: str, digest: str | None, decision: str = "approve", **body: Any) -> httpx.Response:
        headers = {} if digest is None else {"If-Match": f'"{digest}"'}
        told = {"decision": decision, **({"reason": "Looked at both."} if decision == "reject" else {}), **body}
        return await self.http.post(f"/v1/merges/{merge_id}/decision", json=told, headers=headers)

    async def merge(self, merge_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/merges/{merge_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


Reviewers = Callable[..., Awaitable[Reviewer]]


@asynccontextmanager
async def reviewers(store: Store, url: str, tenant: Tenant) -> AsyncIterator[Reviewers]:
    """Makes people with a role in the tenant's database, each with a token of their own."""
    made: list[Reviewer] = []

    async def make(role: Role = Role.SPECIALIST, email: str | None = None) -> Reviewer:
        token = await person_token(store, [tenant.id], role, email)
        made.append(Reviewer(client(url, token)))
        return made[-1]

    yield make
    for one in made:
        await one.http.aclose()


async def asks(tenant: Tenant, **approval: Any) -> None:
    """Has the database ask a person about every merge, or as said."""
    body = {"approval": {"ask": "always", **approval}}
    answer = await tenant.http.put(f"/v1/databases/{tenant.id}/policy", json=body)
    assert answer.status_code == 200, answer.text


async def pending(tenant: Tenant, destination: str = A, value: str = VALUE, **flags: Any) -> dict[str, Any]:
    """A request that waits for a person, as GET shows it."""
    answer = await tenant.establish(destination, value, **flags)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "pending_approval"
    return await tenant.merge(answer.json()["mergeId"])


async def two_contacts(tenant: Tenant) -> tuple[int, int]:
    """The holder of the identity, and the contact of the device A."""
    lookup = await tenant.register(B, email="albert@example.org", custom={"userId": VALUE, "Favorite Food": "Pizza"})
    device = await tenant.register(A, email="bertrand@example.org", custom={"Favorite Food": "Burger"})
    return lookup, device
