"""What people, services and the operator do is found in the journal: who did it, with what, and to whom."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Row, text

from domain.decision import Kind
from domain.roles import Role
from ledger.events import MEMBERS, EventKind
from store import decisions, passwords, tokens
from store.engine import Store
from store.people import find
from store.tokens import OwnerKind, Scope, new_token
from tests.scenarios.approvals import Reviewer, Reviewers, asks, held_back, pending, refusal, two_contacts
from tests.stack import Stack
from tests.tenant import Tenant, client, person_token, token_for
from tests.web.reviewing import account, signed_in
from tests.web.visitors import PASSWORD, fields, send

_UNSEALED = text("""
    SELECT count(*) FROM ledger_events e
    WHERE e.position <= :last AND NOT EXISTS (SELECT FROM ledger_seals s WHERE s.event_id = e.id)
""")
_EVENTS = text("SELECT * FROM ledger_events WHERE database_id = :database_id ORDER BY position")


@dataclass(frozen=True)
class Journal:
    """Of one database."""

    store: Store
    database_id: int

    async def all(self) -> list[Row[Any]]:
        async with self.store.statements() as connection:
            return list(await connection.execute(_EVENTS, {"database_id": self.database_id}))

    async def told(self, kind: EventKind, **columns: object) -> Mapping[str, Any]:
        """The detail of the one event of a kind whose columns have these values."""
        (found,) = await self.details(kind, **columns)
        return found

    async def details(self, kind: EventKind, **columns: object) -> list[Mapping[str, Any]]:
        rows = [row for row in await self.all() if row.kind == kind]
        return [row.detail for row in rows if all(row._mapping[name] == value for name, value in columns.items())]


@pytest.fixture
def journal(store: Store, tenant: Tenant) -> Journal:
    return Journal(store, tenant.id)


async def whose(store: Store, bearer: str) -> dict[str, object]:
    """How the journal names who acts by a token."""
    token, _ = await tokens.authenticate(store, bearer)
    person = token.person_id if token.owner_kind is OwnerKind.PERSON else None
    return {"token_id": token.id, "person_id": person}


def by(reviewer: Reviewer) -> dict[str, object]:
    return {"token_id": reviewer.token.id, "person_id": reviewer.person_id}


async def ok(answer: httpx.Response) -> None:
    assert answer.is_success or answer.status_code == 303, answer.text


async def test_a_merge_that_waits_tells_its_story(
    stack: Stack, store: Store, tenant: Tenant, people: Reviewers, journal: Journal
) -> None:
    sam, sue = await people(), await people()
    merge = await held_back(tenant)
    merge_id = UUID(merge["id"])
    asked = {"token_id": merge["requested"]["token"], "person_id": None, "merge_id": merge_id}
    assert await journal.told(EventKind.MERGE_REQUESTED, **asked) == {}
    plan = await journal.told(EventKind.PLAN_MADE, merge_id=merge_id, token_id=None)
    assert {**plan, "plan": ""} == {"revision": 1, "cause": "requested", "plan": ""}
    assert merge["plan"]["digest"] != plan["plan"]  # a commitment to it

    another = await token_for(store, [tenant.id], [Scope.ADMIN])
    async with client(stack.url, another) as http:
        for _ in range(2):
            assert (await Tenant(tenant.id, http).establish("muidA|channelA", "777374")).status_code == 202
    assert await journal.told(EventKind.MERGE_JOINED, merge_id=merge_id, **await whose(store, another)) == {}

    for _ in range(2):
        await sam.merge(merge["id"])
    assert await journal.told(EventKind.PLAN_SEEN, merge_id=merge_id, **by(sam)) == {"revision": 1, "masked": False}
    path = f"/v1/merges/{merge['id']}"
    for _ in range(2):
        await ok(await sam.http.put(f"{path}/claim"))
    assert await journal.told(EventKind.MERGE_CLAIMED, merge_id=merge_id, **by(sam)) == {}
    await ok(await sam.http.delete(f"{path}/claim"))
    await ok(await sue.http.delete(f"{path}/claim"))
    assert await journal.told(EventKind.MERGE_RELEASED, merge_id=merge_id, **by(sam)) == {"person": sam.person_id}
    said = (await sue.http.post(f"{path}/comments", json={"text": "Same street."})).json()["comments"][0]["id"]
    assert await journal.told(EventKind.COMMENT_ADDED, merge_id=merge_id, **by(sue)) == {"comment": said}

    assert refusal(await sue.decide(merge["id"], "0" * 64)) == (412, "digest-unknown")
    refused = {"decision": None, "says": "approve", "code": "digest-unknown"}
    assert await journal.told(EventKind.DECISION_REFUSED, merge_id=merge_id, **by(sue)) == refused
    approve = {"decision": "approve"}
    assert refusal(await tenant.http.post(f"{path}/decision", json=approve)) == (403, "person-required")
    assert await journal.told(EventKind.DECISION_REFUSED, token_id=merge["requested"]["token"]) == {
        **refused,
        "code": "person-required",
    }
    await ok(await sam.reject(merge, notSamePerson=True))
    made = await journal.told(EventKind.DECISION_MADE, merge_id=merge_id, **by(sam))
    assert {**made, "decision": 1} == {"decision": 1, "says": "reject", "revision": 1, "notSamePerson": True}

    pair = (await sam.http.get(f"/v1/databases/{tenant.id}/kept-apart")).json()["pairs"][0]
    one, other = pair["contacts"]
    kept = await journal.told(EventKind.KEPT_APART_ADDED, merge_id=merge_id, contact_id=one, **by(sam))
    assert kept == {"other": other, "decision": made["decision"]}
    await ok(await sue.http.delete(f"/v1/databases/{tenant.id}/kept-apart/{pair['id']}"))
    lifted = await journal.told(EventKind.KEPT_APART_LIFTED, merge_id=merge_id, contact_id=one, **by(sue))
    assert lifted == {"other": other, "pair": pair["id"]}


async def test_a_decision_that_is_refused_when_it_is_acted_on_is_named_once(
    store: Store, tenant: Tenant, specialist: Reviewer, journal: Journal
) -> None:
    merge = await held_back(tenant)
    stored = await specialist.store_decision(store, merge)
    for code in ("plan-stale", "role-missing"):  # the first stands
        await decisions.refuse(store, UUID(merge["id"]), UUID(stored.decision_id), Kind.APPROVE, code)
    refused = {"decision": stored.decision_id, "says": "approve", "code": "plan-stale"}
    assert await journal.told(EventKind.DECISION_REFUSED, **by(specialist)) == refused


async def test_who_reads_a_contact_by_their_own_token_is_named_once_and_a_service_never(
    tenant: Tenant, people: Reviewers, journal: Journal
) -> None:
    sam, lookup_and_device = await people(), await two_contacts(tenant)
    for contact_id in lookup_and_device:
        path = f"databases/{tenant.id}/contacts/{contact_id}"
        for http in (tenant.http, sam.http):
            await ok(await http.get(f"/{path}"))
            await ok(await http.get(f"/v1/{path}/messages"))
            await ok(await http.get(f"/v1/{path}/events"))
        assert len(await journal.details(EventKind.CONTACT_VIEWED, contact_id=contact_id)) == 1
        assert await journal.told(EventKind.CONTACT_VIEWED, contact_id=contact_id, **by(sam)) == {}


async def test_a_preview_shows_both_contacts_and_so_does_a_find(
    tenant: Tenant, people: Reviewers, journal: Journal
) -> None:
    lookup, device = await two_contacts(tenant)
    rob, sue = await people(Role.REQUESTER), await people()
    await ok(await rob.http.post("/v1/merges/preview", json=tenant.specification("muidA|channelA", "777374")))
    for contact_id in (lookup, device):
        assert await journal.told(EventKind.CONTACT_VIEWED, contact_id=contact_id, **by(rob)) == {}
    await ok(await Tenant(tenant.id, sue.http).by_identity("777374"))
    await ok(await Tenant(tenant.id, sue.http).by_channel("muidA|channelA"))
    for contact_id in (lookup, device):
        assert await journal.told(EventKind.CONTACT_VIEWED, contact_id=contact_id, **by(sue)) == {}


@pytest.mark.slow
async def test_pages_tell_who_signed_in_looked_searched_and_revealed(
    stack: Stack, store: Store, tenant: Tenant, journal: Journal
) -> None:
    lookup, _ = await two_contacts(tenant)
    await asks(tenant)
    merge = await pending(tenant)
    auditor = await account(store, tenant, Role.AUDITOR)
    person_id = (await find(store, auditor.email)).id
    async with signed_in(stack.url, auditor) as browser:
        (signed,) = [one for one in await journal.all() if one.token_id and one.token_id == one.detail.get("token")]
        assert (signed.kind, signed.person_id) == ("token.created", person_id)
        who = {"person_id": person_id, "token_id": signed.token_id}
        await browser.get(f"/merges/{merge['id']}")
        seen = await journal.told(EventKind.PLAN_SEEN, merge_id=UUID(merge["id"]), **who)
        assert seen == {"revision": 1, "masked": True}
        await browser.get(f"/contacts/{lookup}")
        assert await journal.details(EventKind.CONTACT_VIEWED, **who) == []
        await ok(await send(browser, f"/contacts/{lookup}", f"/contacts/{lookup}/reveal"))
        assert await journal.told(EventKind.VALUES_REVEALED, contact_id=lookup, **who) == {}
        await browser.get(f"/contacts/{lookup}")
        assert await journal.told(EventKind.CONTACT_VIEWED, contact_id=lookup, **who) == {}
        await ok(await send(browser, f"/merges/{merge['id']}", f"/merges/{merge['id']}/reveal"))
        assert await journal.told(EventKind.VALUES_REVEALED, merge_id=UUID(merge["id"]), **who) == {}
        sought = {"database": str(tenant.id), "by": "identity", "value": "777374"}
        await ok(await send(browser, "/contacts", values=sought))
        assert await journal.told(EventKind.VALUES_SEARCHED, **who) == {}
        own = {"token": signed.token_id}
        await ok(await browser.post("/logout", data=fields(await browser.get("/inbox"), "/logout")))
        assert await journal.told(EventKind.TOKEN_REVOKED, **who) == own


async def test_what_an_admin_changes_in_a_database_is_found(
    stack: Stack, store: Store, tenant: Tenant, journal: Journal
) -> None:
    admin = await whose(store, tenant.person)
    await ok(await tenant.put_policy({"survivor": "older", "approval": {"rules": {"emailsDiffer": True}}}))
    await ok(await tenant.put_policy({"survivor": "older"}))
    changed = {"before": 1, "version": 2, "members": ["emails_differ", "survivor"]}
    assert await journal.told(EventKind.POLICY_CHANGED, **admin) == changed
    async with client(stack.url, tenant.person) as http:
        path = f"/v1/databases/{tenant.id}"
        await ok(await http.post(f"{path}/columns", json={"name": "Country", "type": "text", "required": True}))
        await ok(await http.put(f"/databases/{tenant.id}/lookupkeys/Loyalty Card"))
        await ok(await http.delete(f"/databases/{tenant.id}/lookupkeys/Loyalty Card"))
        for _ in range(2):
            await ok(await http.post(f"{path}/appkeys", json={"name": "ap2"}))
    column = {"column": "Country", "type": "text", "required": True}
    assert await journal.told(EventKind.COLUMN_ADDED, **admin) == column
    put = {"column": "Loyalty Card", "status": "ACTIVE"}
    assert await journal.told(EventKind.LOOKUP_KEY_PUT, **admin) == put
    assert await journal.told(EventKind.LOOKUP_KEY_REMOVED, **admin) == {"column": "Loyalty Card"}
    assert await journal.told(EventKind.QUALIFIER_ADDED, **admin) == {"channel": "PUSH", "qualifier": "ap2"}


async def test_what_the_operator_does_names_nobody(store: Store, journal: Journal) -> None:
    assert await journal.told(EventKind.DATABASE_CREATED, token_id=None, person_id=None) == {}


async def test_an_access_that_changes_is_found_in_each_database_that_it_reaches(
    stack: Stack, store: Store, tenant: Tenant, journal: Journal
) -> None:
    bearer = await person_token(store, [tenant.id], Role.AUDITOR, "Access@people.example")
    person = await find(store, "access@people.example")
    given = {"person": person.id, "role": "auditor", "everywhere": False}
    assert given in await journal.details(EventKind.ROLE_GIVEN, token_id=None)
    token_id, about = tokens.id_of(bearer), {"person": person.id}
    made = next(one for one in await journal.details(EventKind.TOKEN_CREATED) if one["token"] == token_id)
    assert (made["owner"], made["person"], made["scopes"]) == ("person", person.id, [])

    root = await account(store, tenant, Role.ADMIN)
    everywhere = tokens.id_of(await person_token(store, None, Role.ADMIN, root.email))
    theirs = next(one for one in await journal.details(EventKind.TOKEN_CREATED) if one["token"] == everywhere)
    assert {"person": theirs["person"], "role": "admin", "everywhere": True} in await journal.details(
        EventKind.ROLE_GIVEN
    )
    async with signed_in(stack.url, root) as browser:
        who = {"person_id": theirs["person"]}

        async def act(action: str, **values: object) -> None:
            told = {name: str(value) for name, value in values.items()}
            await ok(await send(browser, "/people", action, {"person": str(person.id), **told}))

        await act("/people/roles", do="give", role="requester", database=tenant.id)
        await act("/people/roles", do="take", role="requester", database=tenant.id)
        await act("/people/accounts", do="disable")
        await act("/people/accounts", do="enable")
        await act("/people/tokens", token=token_id)
    for kind in (EventKind.ROLE_GIVEN, EventKind.ROLE_TAKEN):
        assert await journal.told(kind, **who) == {**given, "role": "requester"}
    for kind in (EventKind.PERSON_DISABLED, EventKind.PERSON_ENABLED):
        assert await journal.told(kind, **who) == about
    assert await journal.told(EventKind.TOKEN_REVOKED, **who) == {"token": token_id}

    await passwords.set_password(store, person.email, PASSWORD)
    assert await journal.told(EventKind.PASSWORD_SET, token_id=None) == about
    nobodys = new_token()
    await tokens.create_for_service(
        store,
        nobodys,
        service="reports",
        scopes=[Scope.CONTACTS_READ],
        database_ids=[tenant.id],
        expires=datetime.now(UTC) + timedelta(hours=1),
    )
    await tokens.adopt(store, nobodys, person, OwnerKind.SERVICE)
    adopted = {"token": tokens.id_of(nobodys), "owner": "service", "person": person.id}
    assert await journal.told(EventKind.TOKEN_ADOPTED) == adopted


async def test_every_event_holds_what_its_kind_has_and_stands_in_the_chain_soon(store: Store) -> None:
    """All that tests did on this stack, also what was written in SQL, which nothing else holds to its members."""
    rows = await until_sealed(store)
    assert len(rows) > 10
    assert [row for row in rows if set(row.detail) != set(MEMBERS[EventKind(row.kind)])] == []


async def until_sealed(store: Store) -> list[Row[Any]]:
    """By the worker that runs beside these tests."""
    async with asyncio.timeout(30), store.statements() as connection:
        rows = list(await connection.execute(text("SELECT * FROM ledger_events")))
        last = {"last": max(row.position for row in rows)}
        while (await connection.execute(_UNSEALED, last)).scalar_one():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.1)
    return rows
