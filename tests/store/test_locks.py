"""What each lock is for, straight on the store: no Temporal in between that would repeat what failed without it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import parse_address
from domain.contact_input import ContactInput
from domain.errors import ContactAbsorbed
from domain.identity import Identity
from domain.plan import Outcome
from domain.policy import Policy
from domain.request import MergeRequest
from ledger.merge_record import Execution
from store import contacts, lookup_keys, merge_transaction
from store.engine import Store
from store.merge_transaction import merge, prepare
from store.rules import read_policy
from store.snapshots import lock_pair
from tests.stack import Stack
from tests.tenant import APP_KEY, Tenant

USER, ALIAS = "userId", "Alias Id"
Establish = Callable[..., Awaitable[Outcome]]

_DEVICE = text("""
    SELECT id FROM devices WHERE database_id = :database_id AND channel = :channel AND qualifier = :qualifier
    AND destination = :destination FOR UPDATE
""")


@dataclass(frozen=True)
class Requests:
    """Carries requests out in this process, as a worker does."""

    store: Store
    tenant: Tenant

    async def establish(self, destination: str, value: str, name: str = USER) -> Outcome:
        execution = Execution(uuid4(), "workflow", "run", 1, self._requester)
        request = MergeRequest(self.tenant.id, parse_address("PUSH", APP_KEY, destination), Identity(name, value))
        outcome = await prepare(self.store, request, execution)
        return outcome or await merge(self.store, execution.merge_id, execution.run_id, 1)

    @property
    def _requester(self) -> str:
        """The id within `Bearer of_<id>_<secret>`."""
        return str(self.tenant.http.headers["authorization"]).split("_")[1]


@pytest.fixture
async def requests(store: Store, tenant: Tenant) -> Requests:
    return Requests(store, tenant)


async def cross(requests: Requests, rounds: int) -> None:
    """A asks for B's identity and B for A's, at once, again and again."""
    for round_ in range(rounds):
        a, b = f"a{round_}|1", f"b{round_}|1"
        await requests.tenant.register(a, custom={USER: f"of-a{round_}"})
        await requests.tenant.register(b, custom={USER: f"of-b{round_}"})
        outcomes = await asyncio.gather(requests.establish(a, f"of-b{round_}"), requests.establish(b, f"of-a{round_}"))
        # The first frees the other value under that name, which the second then takes.
        assert sorted(outcomes) == [Outcome.MERGED, Outcome.REASSIGNED]


async def test_two_merges_of_one_pair_never_wait_for_each_other_crosswise(stack: Stack, requests: Requests) -> None:
    before = stack.deadlocks
    await cross(requests, rounds=30)
    assert stack.deadlocks == before


async def test_with_the_device_locked_before_the_contacts_they_would(
    stack: Stack, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why docs/decisions/0002 departs from that order. It also shows that a deadlock would be counted."""
    holding, both = itertools.count(1), asyncio.Event()

    async def device_first(connection: AsyncConnection, request: MergeRequest) -> set[int]:
        address = request.address
        await connection.execute(
            _DEVICE,
            {
                "database_id": request.database_id,
                "channel": address.channel.value,
                "qualifier": address.qualifier,
                "destination": address.destination,
            },
        )
        if next(holding) == 2:
            both.set()
        await both.wait()
        return await lock_pair(connection, request)

    monkeypatch.setattr(merge_transaction, "lock_pair", device_first)
    before = stack.deadlocks
    await cross(requests, rounds=1)
    assert stack.deadlocks == before + 1


async def test_a_request_that_changes_nothing_never_waits_for_a_contact_while_it_holds_the_chain(
    stack: Stack, requests: Requests
) -> None:
    """Its entry refers to the contact, which a merge has locked that waits for the chain."""
    before = stack.deadlocks
    for round_ in range(10):
        a, b, value = f"a{round_}|1", f"b{round_}|1", f"of-a{round_}"
        await requests.tenant.register(a, custom={USER: value})
        await requests.tenant.register(b)
        outcomes = await asyncio.gather(*(requests.establish(a, value) for _ in range(3)), requests.establish(b, value))
        assert sorted(outcomes) == [Outcome.MERGED, *[Outcome.UNCHANGED] * 3]
    assert stack.deadlocks == before


async def test_an_identity_that_nobody_holds_is_given_once(requests: Requests) -> None:
    """There is no row to lock: the lock on the value's hash makes all but one see a holder."""
    devices = [f"d{number}|1" for number in range(8)]
    for device in devices:
        await requests.tenant.register(device)

    outcomes = await asyncio.gather(*(requests.establish(device, "free") for device in devices))

    assert sorted(outcomes) == [Outcome.ASSIGNED, *[Outcome.MERGED] * 7]


async def test_who_waited_for_a_contact_that_was_absorbed_meanwhile_begins_again(
    store: Store, requests: Requests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would go on with a contact that it has not locked, and a write to that one would be lost."""
    tenant = requests.tenant
    a = await tenant.register("a|1")
    b = await tenant.register("b|1", custom={USER: "of-b", ALIAS: "also-b"})
    c = await tenant.register("c|1")
    read = asyncio.Event()

    async def slowly(connection: AsyncConnection, database_id: int) -> Policy:
        """The last thing that a merge reads before it writes."""
        policy = await read_policy(connection, database_id)
        read.set()
        await asyncio.sleep(0.5)
        return policy

    async with store.transaction() as connection:
        await connection.execute(text("SELECT id FROM contacts WHERE id = :id FOR UPDATE"), {"id": b})
        waiting = asyncio.create_task(requests.establish("c|1", "also-b", ALIAS))
        await _is_waiting(store)
        # What a merge of A and B does; ours still believes in B.
        await connection.execute(text("UPDATE identities SET contact_id = :a WHERE contact_id = :b"), {"a": a, "b": b})
        monkeypatch.setattr(merge_transaction, "read_policy", slowly)
    await read.wait()
    try:
        await contacts.patch(store, tenant.id, a, ContactInput({}, {"Favorite Food": "Burger"}, None))
        written = True
    except ContactAbsorbed:
        written = False

    assert await waiting is Outcome.MERGED
    assert not written or await _food(tenant, c) == "Burger"


async def test_a_patch_and_a_merge_of_one_contact_follow_each_other(requests: Requests) -> None:
    """Whichever is first: a value that was acknowledged is in the survivor."""
    tenant = requests.tenant
    for round_ in range(20):
        lookup = await tenant.register(f"a{round_}|1", created="2017-01-01", custom={USER: f"v{round_}"})
        device = await tenant.register(f"b{round_}|1")
        given = ContactInput({}, {"Favorite Food": "Burger"}, None)
        outcome, patched = await asyncio.gather(
            requests.establish(f"b{round_}|1", f"v{round_}"),
            contacts.patch(requests.store, tenant.id, lookup, given),
            return_exceptions=True,
        )
        assert outcome is Outcome.MERGED
        assert isinstance(patched, ContactAbsorbed) or await _food(tenant, device) == "Burger"


async def test_a_lookup_key_is_deleted_before_or_after_a_merge_never_during_one(requests: Requests) -> None:
    tenant = requests.tenant
    for round_ in range(8):
        devices = [f"r{round_}d{number}|1" for number in range(4)]
        for device in devices:
            await tenant.register(device)
        outcomes = await asyncio.gather(
            *(requests.establish(device, f"v{round_}") for device in devices),
            lookup_keys.remove(requests.store, tenant.id, USER),
            return_exceptions=True,
        )
        assert set(outcomes) <= {Outcome.ASSIGNED, Outcome.MERGED, Outcome.BLOCKED, None}
        await lookup_keys.put(requests.store, tenant.id, USER)


async def _is_waiting(store: Store) -> None:
    """Until one session waits for another's row."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    while True:
        async with store.transaction() as connection:
            if (await connection.execute(query)).scalar():
                return
        await asyncio.sleep(0.02)


async def _food(tenant: Tenant, contact_id: int) -> str | None:
    contact: dict[str, Any] = await tenant.contact(contact_id)
    return next((field["value"] for field in contact["customFields"] if field["name"] == "Favorite Food"), None)
