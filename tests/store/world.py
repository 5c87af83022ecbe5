"""A database with every outcome in it, made through the store's own functions, to be broken by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.address import Address, Channel
from domain.approval import Ask
from domain.columns import Column, ColumnType
from domain.contact_input import ContactInput
from domain.decision import Kind
from domain.identity import Identity
from domain.plan import Outcome
from domain.policy_change import PolicyChange
from domain.request import MergeRequest
from domain.roles import Role
from ledger.merge_record import Execution
from store import (
    contacts,
    databases,
    decisions,
    devices,
    endings,
    lookup_keys,
    merge_transaction,
    people,
    policies,
    proposals,
    sealing,
    tokens,
)
from store.decisions import Decider, Given
from store.devices import Registration
from store.engine import Store
from store.merges import read_merge
from store.plans import Planned
from store.proposals import Proposal
from store.tokens import Scope, new_token
from tests.tenant import token_for

HERE, ELSEWHERE, ASKING = 10000, 20000, 30000
APP = "ap56921D"
_DEADLINE_NOW = text("UPDATE merges SET deadline = clock_timestamp() WHERE id = :id AND outcome IS NULL")


@dataclass(frozen=True)
class World:
    """Contacts and merges by what they are there for.

    `first` was absorbed by `second`, and `second` by `last`. `bystander` and `stranger` never merged: the one is of
    the same database and has a device and an identity, as has the other in another database; `bare` has neither.
    In ASKING a person, who is no requester, decided on merges, of which `approved` was executed; one expired. Each
    chain ends with an entry that seals what the journal held.
    """

    first: int
    second: int
    last: int
    bystander: int
    bare: int
    stranger: int
    merges: dict[Outcome, UUID]
    approved: UUID
    decider: Decider


async def make_world(store: Store) -> World:
    requester = await _prepare_databases(store)
    first = await contact(store, HERE, "m1|c1", userId="one", **{"Favorite Food": "Pizza", "Visits": "1"})
    second = await contact(store, HERE, "m2|c2", **{"Favorite Food": "Burger"})
    last = await contact(store, HERE, "m3|c3")
    bystander = await contact(store, HERE, "m4|c4", userId="four", **{"Alias Id": "A-4"})
    await contact(store, HERE, "m5|c5")
    bare = await contacts.create(store, HERE, ContactInput({"leadSource": "shop"}))
    stranger = await contact(store, ELSEWHERE, "m1|c1", userId="elsewhere")

    async def ask(destination: str, value: str, database_id: int = HERE) -> tuple[Outcome, UUID]:
        return await settle(store, database_id, destination, value, requester)

    settled = [
        await ask("m2|c2", "one"),
        await ask("m2|c2", "one"),
        await ask("m2|c2", "two"),
        await ask("m3|c3", "two"),
        await ask("m9|c9", "nine"),
        await ask("m5|c5", "five"),
        await ask("m1|c1", "new", ELSEWHERE),
    ]
    decider = await _specialist(store)
    approved = await decided(store, requester, decider, Kind.APPROVE)
    settled += [
        await decided(store, requester, decider, Kind.REJECT),
        await decided(store, requester, Decider(requester, None), Kind.WITHDRAW),
        await decided(store, requester, decider, None),
    ]
    assert await sealing.seal_new(store) > 0
    return World(first, second, last, bystander, bare, stranger, dict(settled), approved[1], decider)


async def decided(store: Store, requester: str, decider: Decider, kind: Kind | None) -> tuple[Outcome, UUID]:
    """What a run does that waits for a person, without one. None: nobody decides in time."""
    merge_id, run_id = await propose(store, requester, kind or "nobody"), str(uuid4())
    if kind is None:
        return await expire(store, merge_id), merge_id
    async with store.statements() as connection:
        digest = (await read_merge(connection, merge_id)).plan_digest
    _, decision_id = await decisions.decide(store, merge_id, Given(kind, digest, "Looked at both."), decider)
    if kind is Kind.APPROVE:
        return await merge_transaction.merge(store, merge_id, run_id, 1, decision_id), merge_id
    return await endings.end(store, merge_id, run_id, 1, kind, decision_id), merge_id


async def expire(store: Store, merge_id: UUID, attempt: int = 1) -> Outcome:
    """What a run does once the deadline has passed, which it does now."""
    async with store.transaction() as connection:
        await connection.execute(_DEADLINE_NOW, {"id": merge_id})
    return await endings.end(store, merge_id, str(uuid4()), attempt, None, None)


async def propose(store: Store, requester: str, name: str) -> UUID:
    """A merge of two new contacts that waits for a person; the name tells them from others."""
    await contact(store, ASKING, f"{name}|lookup", userId=name, **{"Favorite Food": "Pizza"})
    await contact(store, ASKING, f"{name}|device", **{"Favorite Food": "Burger"})
    execution = Execution(uuid4(), f"establish-identity-{name}", str(uuid4()), 1, requester)
    asked = MergeRequest(ASKING, Address(Channel.PUSH, APP, f"{name}|device"), Identity("userId", name))
    assert isinstance(await merge_transaction.prepare(store, asked, execution), Planned)
    shown = await proposals.propose(store, execution.merge_id, execution.run_id, 1, "contacts-changed", frozenset())
    assert isinstance(shown, Proposal)
    return execution.merge_id


async def settle(
    store: Store, database_id: int, destination: str, value: str, requester: str, name: str = "userId"
) -> tuple[Outcome, UUID]:
    """What a run does, without one."""
    merge_id = uuid4()
    execution = Execution(merge_id, "establish-identity-test", str(uuid4()), 1, requester)
    address = Address(Channel.PUSH, APP, destination)
    asked = MergeRequest(database_id, address, Identity(name, value))
    prepared = await merge_transaction.prepare(store, asked, execution)
    if isinstance(prepared, Outcome):
        return prepared, merge_id
    return await merge_transaction.merge(store, merge_id, execution.run_id, 1), merge_id


async def _prepare_databases(store: Store) -> str:
    for database_id in (HERE, ELSEWHERE, ASKING):
        await databases.create(store, f"database {database_id}", database_id=database_id)
        for name in ("userId", "Alias Id", "Favorite Food", "Visits"):
            await databases.add_column(store, database_id, Column(name, ColumnType.TEXT))
        for name in ("userId", "Alias Id"):
            await lookup_keys.put(store, database_id, name)
        await databases.add_qualifier(store, database_id, Channel.PUSH, APP)
    await databases.add_column(store, ELSEWHERE, Column("Country", ColumnType.TEXT, required=True))
    await policies.change(store, ASKING, PolicyChange(approval={"ask": Ask.ALWAYS}))
    return (await token_for(store, None, [Scope.MERGES_REQUEST])).split("_")[1]


async def _specialist(store: Store) -> Decider:
    await people.add(store, "specialist@people.example", "Sam Specialist")
    person = await people.find(store, "specialist@people.example")
    await people.give_role(store, person.id, Role.SPECIALIST, ASKING)
    bearer = new_token()
    await tokens.create_for_person(store, bearer, person, datetime.now(UTC) + timedelta(hours=1))
    return Decider(bearer.split("_")[1], person.id)


async def contact(store: Store, database_id: int, destination: str, **custom: str) -> int:
    registration = Registration(Address(Channel.PUSH, APP, destination))
    given = ContactInput({"leadSource": f"app {destination}"}, custom)
    contact_id, _ = await devices.register(store, database_id, registration, given)
    return contact_id
