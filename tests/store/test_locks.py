"""What each lock is for, straight on the store: no Temporal in between that would repeat what failed without it."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.address import parse_address
from domain.contact_input import ContactInput
from domain.errors import ContactAbsorbed
from domain.identity import Identity
from domain.plan import Outcome
from domain.request import MergeRequest
from ledger.merge_record import Execution
from store import contacts, devices, locks, lookup_keys, merge_transaction, plans, snapshots
from store.devices import Registration
from store.engine import Store
from store.merge_transaction import merge, prepare
from store.plans import Planned, read_plan_under_lock
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
        prepared = await prepare(self.store, request, execution)
        if isinstance(prepared, Outcome):
            return prepared
        return await merge(self.store, execution.merge_id, execution.run_id, 1)

    @property
    def _requester(self) -> str:
        """The id within `Bearer of_<id>_<secret>`."""
        return str(self.tenant.http.headers["authorization"]).split("_")[1]


@pytest.fixture
async def requests(store: Store, tenant: Tenant) -> Requests:
    return Requests(store, tenant)


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set when a merge has read the last that it plans with; it then takes half a second before it writes."""
    read = asyncio.Event()

    async def slowly(connection: AsyncConnection, request: MergeRequest) -> Planned:
        plan = await read_plan_under_lock(connection, request)
        read.set()
        await asyncio.sleep(0.5)
        return plan

    monkeypatch.setattr(merge_transaction, "read_plan_under_lock", slowly)
    return read


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


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (locks._CONTACTS, {"ids": [1, 2]}),
        (snapshots._PAIR_LOCKED, dict.fromkeys(("channel", "qualifier", "destination", "name", "value"), "")),
    ],
)
async def test_contacts_are_locked_in_the_order_of_their_ids_whatever_the_plan(
    store: Store, statement: TextClause, values: dict[str, Any]
) -> None:
    """Small tables hide a missing ORDER BY. Where no index gives the order, the plan shows where it is made."""
    async with store.transaction() as connection:
        for means in ("indexscan", "bitmapscan", "indexonlyscan", "mergejoin"):
            await connection.execute(text(f"SET LOCAL enable_{means} = off"))
        explained = await connection.execute(
            text(f"EXPLAIN (FORMAT JSON) {statement.text}"), {"database_id": 1, **values}
        )
        locking = explained.scalar_one()[0]["Plan"]
    assert locking["Node Type"] == "LockRows"
    (sorting,) = [plan for plan in locking["Plans"] if plan["Parent Relationship"] == "Outer"]
    assert sorting["Node Type"] == "Sort"
    assert [key.rpartition(".")[2] for key in sorting["Sort Key"]] == ["id"]


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

    monkeypatch.setattr(plans, "lock_pair", device_first)
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
    store: Store, requests: Requests, planned: asyncio.Event
) -> None:
    """Else it would go on with a contact that it has not locked, and a write to that one would be lost."""
    tenant = requests.tenant
    a = await tenant.register("a|1")
    b = await tenant.register("b|1", custom={USER: "of-b", ALIAS: "also-b"})
    c = await tenant.register("c|1")

    async with store.transaction() as connection:
        await connection.execute(text("SELECT id FROM contacts WHERE id = :id FOR UPDATE"), {"id": b})
        waiting = asyncio.create_task(requests.establish("c|1", "also-b", ALIAS))
        await _is_waiting(store)
        # What a merge of A and B does; ours still believes in B.
        await connection.execute(text("UPDATE identities SET contact_id = :a WHERE contact_id = :b"), {"a": a, "b": b})
    await planned.wait()
    try:
        await contacts.patch(store, tenant.id, a, ContactInput({}, {"Favorite Food": "Burger"}, None))
        written = True
    except ContactAbsorbed:
        written = False

    assert await waiting is Outcome.MERGED
    assert not written or await _field(tenant, c, "Favorite Food") == "Burger"


async def test_writers_and_a_merge_of_one_contact_follow_each_other(requests: Requests) -> None:
    """Whichever is first: a value that was acknowledged is in the survivor. A device is found wherever it went."""
    tenant, store = requests.tenant, requests.store
    for round_ in range(20):
        lookup = await tenant.register(f"a{round_}|1", created="2017-01-01", custom={USER: f"v{round_}"})
        survivor = await tenant.register(f"b{round_}|1")
        device = Registration(parse_address("PUSH", APP_KEY, f"a{round_}|1"))
        outcome, patched, registered = await asyncio.gather(
            requests.establish(f"b{round_}|1", f"v{round_}"),
            contacts.patch(store, tenant.id, lookup, ContactInput({}, {"Favorite Food": "Burger"}, None)),
            devices.register(store, tenant.id, device, ContactInput({}, {"Loyalty Card": "gold"}, None)),
            return_exceptions=True,
        )
        assert outcome is Outcome.MERGED
        assert isinstance(patched, ContactAbsorbed) or await _field(tenant, survivor, "Favorite Food") == "Burger"
        assert registered in {(lookup, False), (survivor, False)}
        assert await _field(tenant, survivor, "Loyalty Card") == "gold"


async def test_a_registration_that_waited_for_a_former_owner_begins_again(store: Store, requests: Requests) -> None:
    """Else it would write to the new owner what it read before it had the lock."""
    tenant = requests.tenant
    a, b = await tenant.register("a|1"), await tenant.register("b|1")
    device = Registration(parse_address("PUSH", APP_KEY, "b|1"))
    given = ContactInput({}, {"Loyalty Card": "gold"}, None)

    async with store.transaction() as new_owner:
        eats = text("""UPDATE contacts SET custom = '{"Favorite Food": "Burger"}' WHERE id = :id""")
        await new_owner.execute(eats, {"id": a})
        async with store.transaction() as owner:
            await locks.lock_contacts(owner, tenant.id, [b])
            registering = asyncio.create_task(devices.register(store, tenant.id, device, given))
            await _is_waiting(store)
            await owner.execute(text("UPDATE devices SET contact_id = :a WHERE contact_id = :b"), {"a": a, "b": b})
        await _is_waiting(store)

    assert await registering == (a, False)
    assert await _field(tenant, a, "Favorite Food") == "Burger"
    assert await _field(tenant, a, "Loyalty Card") == "gold"


async def test_a_device_is_removed_before_or_after_a_merge_never_during_one(
    stack: Stack, store: Store, requests: Requests, planned: asyncio.Event
) -> None:
    """Else the entry would name a device that is gone, and the absorbed contact would change after it."""
    tenant = requests.tenant
    absorbed = await tenant.register("a|1", custom={USER: "777374"})
    survivor = await tenant.register("b|1")
    (device,) = [one["id"] for one in (await tenant.contact(absorbed))["channels"]]
    before = stack.deadlocks

    merging = asyncio.create_task(requests.establish("b|1", "777374"))
    await planned.wait()
    await devices.remove(store, tenant.id, device)

    assert await merging is Outcome.MERGED
    versions = text("SELECT id, version FROM contacts WHERE database_id = :database_id")
    async with store.transaction() as connection:
        rows = (await connection.execute(versions, {"database_id": tenant.id})).all()
    # Each changed with the merge; the survivor, which has the device by then, once more.
    assert {row.id: row.version for row in rows} == {absorbed: 2, survivor: 3}
    assert stack.deadlocks == before


async def test_a_lookup_key_is_deleted_before_or_after_a_merge_never_during_one(
    requests: Requests, planned: asyncio.Event
) -> None:
    """Else the merge would give an identity under a name that is none any more."""
    tenant = requests.tenant
    contact = await tenant.register("a|1")

    merging = asyncio.create_task(requests.establish("a|1", "777374"))
    await planned.wait()
    await lookup_keys.remove(requests.store, tenant.id, USER)

    assert await merging is Outcome.ASSIGNED
    assert (await tenant.contact(contact))["identities"] == []
    assert await _field(tenant, contact, USER) == "777374"


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


async def _field(tenant: Tenant, contact_id: int, name: str) -> str | None:
    fields = (await tenant.contact(contact_id))["customFields"]
    return next((field["value"] for field in fields if field["name"] == name), None)
