"""The demo data: deterministic, and safe to load again.

Database 10000 merges at once, in 99999 every merge waits for a person, and 20000 demands a column that none of its
contacts has. Each outcome has a device whose address the README names.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from domain.address import Address, Channel
from domain.approval import Ask
from domain.columns import Column, ColumnType
from domain.contact import Consent, Contact, Device, SystemAttributes
from domain.errors import NameTaken
from domain.policy_change import PolicyChange
from domain.roles import Role
from store import databases, loading, lookup_keys, passwords, people, policies, tokens
from store.engine import Store
from store.tokens import SCOPES, OwnerKind

ASKING = 99999
DATABASES = {ASKING: "Merges wait for a person", 10000: "Merges at once", 20000: "Requires a country"}
APP_KEY = "ap56921D"
CAMPAIGN = "spring"
COLUMNS = (
    Column("userId", ColumnType.TEXT),
    Column("Alias Id", ColumnType.TEXT),
    Column("Favorite Food", ColumnType.TEXT),
    Column("Loyalty Card", ColumnType.TEXT),
    Column("Newsletter", ColumnType.BOOLEAN),
    Column("Visits", ColumnType.NUMBER),
)
LOOKUP_KEYS = ("userId", "Alias Id")
PEOPLE = {
    "rob@onefold.example": ("Rob Requester", Role.REQUESTER),
    "sam@onefold.example": ("Sam Specialist", Role.SPECIALIST),
    "sue@onefold.example": ("Sue Specialist", Role.SPECIALIST),
    "alex@onefold.example": ("Alex Auditor", Role.AUDITOR),
    "ada@onefold.example": ("Ada Admin", Role.ADMIN),
}
SERVICE, WHO_ANSWERS = "mobile-backend", "rob@onefold.example"
_LIFETIME = timedelta(days=365)
_PERSONAL = {
    "ONEFOLD_SPECIALIST_TOKEN": "sam@onefold.example",
    "ONEFOLD_SECOND_SPECIALIST_TOKEN": "sue@onefold.example",
    "ONEFOLD_AUDITOR_TOKEN": "alex@onefold.example",
    "ONEFOLD_ADMIN_TOKEN": "ada@onefold.example",
}


async def load_demo(store: Store, environment: Mapping[str, str]) -> None:
    """`environment` holds the demo's tokens and password in clear, under the names that demo.env gives them."""
    for database_id, name in DATABASES.items():
        await _database(store, database_id, name)
    await _ask_always(store, ASKING)
    for contact in (one for database_id in DATABASES for one in contacts(database_id)):
        await loading.load(store, contact)
    for email, (name, role) in PEOPLE.items():
        await _person(store, email, name, role)
        await passwords.set_password(store, email, environment["ONEFOLD_DEMO_PASSWORD"])
    await _token_of_service(store, environment["ONEFOLD_TOKEN"])
    for variable, email in _PERSONAL.items():
        await _token_of_person(store, environment[variable], email)


def contacts(database_id: int) -> list[Contact]:
    """The seed's two contacts and one for each other outcome; in 20000 only one that lacks its country."""
    if database_id == 20000:
        return [_contact(database_id, "Blck20000|chan20", "2024-03-01", custom={"Favorite Food": "Soup"})]
    return [
        _contact(
            database_id,
            "ZMjue73FFG|Zujdd9d",
            "2017-08-01",
            modified="2017-08-07",
            email="albert.b.jerm@gmail.com",
            custom={"Favorite Food": "Pizza"},
            identities={"userId": "777374"},
        ),
        _contact(
            database_id,
            "Sksd03jdJKK|H892hH",
            "2017-08-15",
            modified="2017-08-16",
            email="bertrand.jerm@gmail.com",
            custom={"Favorite Food": "Burger"},
        ),
        _contact(database_id, "AsgnMuid01|chanAsg1", "2024-01-10", custom={"Visits": "3"}),
        _contact(database_id, "ReasMuid01|chanRea1", "2024-01-11", identities={"userId": "oldidentity1234"}),
        _contact(database_id, "SameMuid01|chanSam1", "2024-01-12", identities={"userId": "identity1234"}),
        _contact(database_id, "BothMuidA1|chanBotA", "2024-02-01", identities={"userId": "contactA1234"}),
        _contact(database_id, "BothMuidB1|chanBotB", "2024-02-02", identities={"userId": "contactB5678"}),
        _contact(database_id, "+4915550100", "2024-02-10", email="sms@example.org", custom={"Newsletter": "Yes"}),
    ]


def _contact(
    database_id: int,
    destination: str,
    created: str,
    *,
    modified: str | None = None,
    email: str | None = None,
    custom: Mapping[str, str] | None = None,
    identities: Mapping[str, str] | None = None,
) -> Contact:
    channel, qualifier = (Channel.SMS, CAMPAIGN) if destination.startswith("+") else (Channel.PUSH, APP_KEY)
    address = Address(channel, qualifier, destination)
    muid = address.channel_identifier if channel is Channel.PUSH else None
    return Contact(
        id=0,
        database_id=database_id,
        created=_midnight(created),
        last_modified=_midnight(modified or created),
        version=1,
        system=SystemAttributes(email=email, muid=muid),
        custom=custom or {},
        identities=identities or {},
        devices=(Device(0, address, Consent("OPTED-IN")),),
    )


async def _database(store: Store, database_id: int, name: str) -> None:
    required = (Column("Country", ColumnType.TEXT, required=True),) if database_id == 20000 else ()
    with suppress(NameTaken):
        await databases.create(store, name, database_id=database_id)
    for column in (*COLUMNS, *required):
        with suppress(NameTaken):
            await databases.add_column(store, database_id, column)
    for lookup_key in LOOKUP_KEYS:
        await lookup_keys.put(store, database_id, lookup_key)
    await databases.add_qualifier(store, database_id, Channel.PUSH, APP_KEY)
    await databases.add_qualifier(store, database_id, Channel.SMS, CAMPAIGN)


async def _ask_always(store: Store, database_id: int) -> None:
    """A policy that somebody has changed since stays theirs."""
    policy, _ = await policies.get(store, database_id)
    if policy.version == 1:
        await policies.change(store, database_id, PolicyChange(approval={"ask": Ask.ALWAYS}))


async def _person(store: Store, email: str, name: str, role: Role) -> None:
    """Roles are given once: what somebody took away stays away."""
    with suppress(NameTaken):
        person_id = await people.add(store, email, name)
        for database_id in [None] if role is Role.ADMIN else DATABASES:
            await people.give_role(store, person_id, role, database_id)


async def _token_of_service(store: Store, bearer: str) -> None:
    person = await people.find(store, WHO_ANSWERS)
    try:
        await tokens.create_for_service(
            store,
            bearer,
            service=SERVICE,
            scopes=SCOPES[Role.REQUESTER],
            database_ids=list(DATABASES),
            expires=datetime.now(UTC) + _LIFETIME,
            person_id=person.id,
        )
    except NameTaken:  # a data folder from before there were people
        await tokens.adopt(store, bearer, person, OwnerKind.SERVICE)


async def _token_of_person(store: Store, bearer: str, email: str) -> None:
    person = await people.find(store, email)
    try:
        await tokens.create_for_person(store, bearer, person, datetime.now(UTC) + _LIFETIME)
    except NameTaken:
        await tokens.adopt(store, bearer, person, OwnerKind.PERSON)


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
