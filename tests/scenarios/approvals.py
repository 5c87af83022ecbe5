"""People who decide, driving the API with tokens of their own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from api.gateway import Gateway
from domain.decision import Kind
from domain.messages import Decided, DecideInput
from domain.roles import Role
from store import decisions, tokens
from store.decisions import Decider, Given
from store.engine import Store
from store.merges import read_merge
from store.tokens import Token
from tests.tenant import Tenant, client, person_token

A, B, VALUE = "muidA|channelA", "muidB|channelB", "777374"


@dataclass(frozen=True)
class Reviewer:
    """A person with a personal token."""

    http: httpx.AsyncClient
    token: Token

    @property
    def person_id(self) -> int:
        assert self.token.person_id is not None
        return self.token.person_id

    async def decide(self, merge_id: str, digest: str | None, decision: str = "approve", **body: Any) -> httpx.Response:
        headers = {} if digest is None else {"If-Match": f'"{digest}"'}
        told = {"decision": decision, **({"reason": "Looked at both."} if decision == "reject" else {}), **body}
        return await self.http.post(f"/v1/merges/{merge_id}/decision", json=told, headers=headers)

    async def approve(self, merge: dict[str, Any]) -> httpx.Response:
        """What they see of it here."""
        return await self.decide(merge["id"], merge["plan"]["digest"])

    async def reject(self, merge: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.decide(merge["id"], merge["plan"]["digest"], "reject", **body)

    async def merge(self, merge_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/merges/{merge_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def store_decision(self, store: Store, merge: dict[str, Any], kind: Kind = Kind.APPROVE) -> DecideInput:
        """As the API does, which then brings it to the run; nobody has yet."""
        reason = "Looked at both." if kind is Kind.REJECT else None
        given = Given(kind, merge["plan"]["digest"], reason)
        _, decision_id = await decisions.decide(
            store, UUID(merge["id"]), given, Decider(self.token.id, self.token.person_id)
        )
        return DecideInput(str(decision_id), kind.value, merge["plan"]["digest"])


Reviewers = Callable[..., Awaitable[Reviewer]]


@asynccontextmanager
async def reviewers(store: Store, url: str, tenant: Tenant) -> AsyncIterator[Reviewers]:
    """Makes people with a role in the tenant's database, each with a token of their own."""
    made: list[Reviewer] = []

    async def make(role: Role = Role.SPECIALIST, email: str | None = None) -> Reviewer:
        bearer = await person_token(store, [tenant.id], role, email)
        token, _ = await tokens.authenticate(store, bearer)
        made.append(Reviewer(client(url, bearer), token))
        return made[-1]

    yield make
    for one in made:
        await one.http.aclose()


async def asks(tenant: Tenant, **approval: Any) -> None:
    """Has the database ask a person about every merge, or as said."""
    body = {"approval": {"ask": "always", **approval}}
    answer = await tenant.put_policy(body)
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


async def held_back(tenant: Tenant, **approval: Any) -> dict[str, Any]:
    """The merge of two contacts, which waits for a person, as GET shows it."""
    await two_contacts(tenant)
    await asks(tenant, **approval)
    return await pending(tenant)


async def brought(gateway: Gateway, store: Store, merge: dict[str, Any], decision: DecideInput) -> Decided | None:
    """What becomes of a stored decision when it comes to its run."""
    async with store.statements() as connection:
        row = await read_merge(connection, UUID(merge["id"]))
    return await gateway.decide(row, decision)


async def execute(store: Store, statement: str, **parameters: object) -> None:
    async with store.transaction() as connection:
        await connection.execute(text(statement), parameters)


async def when_done(tenant: Tenant, merge_id: str) -> dict[str, Any]:
    """The merge as soon as it has ended, by something that goes on in other processes."""
    return await _when(tenant, merge_id, lambda merge: merge["state"] == "done")


async def when_revised(tenant: Tenant, merge_id: str, revision: int = 2) -> dict[str, Any]:
    """The merge as soon as this revision of its plan is shown."""
    return await _when(tenant, merge_id, lambda merge: merge["plan"]["revision"] >= revision)


async def _when(tenant: Tenant, merge_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while not holds(merge := await tenant.merge(merge_id)):  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)
    return merge


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Its status and its code."""
    return answer.status_code, answer.json()["code"]
