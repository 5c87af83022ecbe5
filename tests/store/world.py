"""A database with every outcome in it, made through the store's own functions, to be broken by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from domain.address import Address, Channel
from domain.columns import Column, ColumnType
from domain.contact_input import ContactInput
from domain.identity import Identity
from domain.plan import Outcome
from domain.request import MergeRequest
from ledger.merge_record import Execution
from store import contacts, databases, devices, lookup_keys, merge_transaction, tokens
from store.devices import Registration
from store.engine import Store
from store.tokens import Scope, new_token

HERE, ELSEWHERE = 10000, 20000
APP = "ap56921D"


@dataclass(frozen=True)
class World:
    """Contacts and merges by what they are there for.

    `first` was absorbed by `second`, and `second` by `last`. `bystander` and `stranger` never merged: the one is of
    the same database and has a device and an identity, as has the other in another database; `bare` has neither.
    """

    first: int
    second: int
    last: int
    bystander: int
    bare: int
    stranger: int
    merges: dict[Outcome, UUID]


async def make_world(store: Store) -> World:
    requester = await _prepare_databases(store)
    first = await _contact(store, HERE, "m1|c1", userId="one", **{"Favorite Food": "Pizza", "Visits": "1"})
    second = await _contact(store, HERE, "m2|c2", **{"Favorite Food": "Burger"})
    last = await _contact(store, HERE, "m3|c3")
    bystander = await _contact(store, HERE, "m4|c4", userId="four", **{"Alias Id": "A-4"})
    await _contact(store, HERE, "m5|c5")
    bare = await contacts.create(store, HERE, ContactInput({"leadSource": "shop"}))
    stranger = await _contact(store, ELSEWHERE, "m1|c1", userId="elsewhere")

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
    return World(first, second, last, bystander, bare, stranger, dict(settled))


async def settle(store: Store, database_id: int, destination: str, value: str, requester: str) -> tuple[Outcome, UUID]:
    """What a run does, without one."""
    merge_id = uuid4()
    execution = Execution(merge_id, "establish-identity-test", str(uuid4()), 1, requester)
    address = Address(Channel.PUSH, APP, destination)
    asked = MergeRequest(database_id, address, Identity("userId", value))
    prepared = await merge_transaction.prepare(store, asked, execution)
    if isinstance(prepared, Outcome):
        return prepared, merge_id
    return await merge_transaction.merge(store, merge_id, execution.run_id, 1), merge_id


async def _prepare_databases(store: Store) -> str:
    for database_id in (HERE, ELSEWHERE):
        await databases.create(store, f"database {database_id}", database_id=database_id)
        for name in ("userId", "Alias Id", "Favorite Food", "Visits"):
            await databases.add_column(store, database_id, Column(name, ColumnType.TEXT))
        for name in ("userId", "Alias Id"):
            await lookup_keys.put(store, database_id, name)
        await databases.add_qualifier(store, database_id, Channel.PUSH, APP)
    await databases.add_column(store, ELSEWHERE, Column("Country", ColumnType.TEXT, required=True))
    bearer = new_token()
    await tokens.create_for_service(
        store,
        bearer,
        service="tests",
        scopes=[Scope.MERGES_REQUEST],
        database_ids=None,
        expires=datetime.now(UTC) + timedelta(hours=1),
    )
    return bearer.split("_")[1]


async def _contact(store: Store, database_id: int, destination: str, **custom: str) -> int:
    registration = Registration(Address(Channel.PUSH, APP, destination))
    given = ContactInput({"leadSource": f"app {destination}"}, custom)
    contact_id, _ = await devices.register(store, database_id, registration, given)
    return contact_id
