"""A database of its own for each test, driven over HTTP as a service would."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from domain.address import Channel
from domain.columns import Column, ColumnType
from domain.errors import NameTaken
from domain.roles import Role
from store import databases, lookup_keys, people, tokens
from store.engine import Store
from store.tokens import Scope, new_token

APP_KEY = "ap56921D"
CAMPAIGN = "spring"
COLUMNS = (
    Column("userId", ColumnType.TEXT),
    Column("Alias Id", ColumnType.TEXT),
    Column("Favorite Food", ColumnType.TEXT),
    Column("Loyalty Card", ColumnType.TEXT),
    Column("Newsletter", ColumnType.BOOLEAN),
    Column("Visits", ColumnType.NUMBER),
    Column("Birthday", ColumnType.DATE),
    Column("Size", ColumnType.SELECTION, selections=("S", "M", "L")),
)
DEVICE = "muidA|channelA"
WAYS = ("create", "patch", "upsert", "registration")
LOOKUP_KEYS = ("userId", "Alias Id")


@dataclass(frozen=True)
class Tenant:
    """A database with the demo's columns, keys, app key and campaign, and a client with an admin's token for it.

    `person` is a personal token of an admin, for what no service may do.
    """

    id: int
    http: httpx.AsyncClient
    person: str = ""

    async def register(self, destination: str, **contact: Any) -> int:
        """A device with its contact, or the contact of a known one patched; returns the contact's id."""
        answer = await self.patch(
            "contactbychannel", {"channel": channel(destination), "contact": contact_input(contact)}
        )
        assert answer.status_code in {200, 201}, answer.text
        return int(answer.json()["id"])

    async def create(self, **contact: Any) -> int:
        answer = await self.http.post(f"/databases/{self.id}/contacts", json=contact_input(contact))
        assert answer.status_code == 201, answer.text
        return int(answer.json())

    async def establish(self, destination: str, value: str, name: str = "userId", **flags: Any) -> httpx.Response:
        """The compatible PUT; the destination's channel follows from its shape."""
        body = {"identity": {"name": name, "value": value}, **flags}
        return await self.http.put(self.path(destination), json=body)

    def path(self, destination: str) -> str:
        device = channel(destination)
        return f"/databases/{self.id}/establishidentity/{device['channelType']}-{device['qualifier']}/{destination}"

    async def preview(self, destination: str, value: str, name: str = "userId", **flags: Any) -> dict[str, Any]:
        answer = await self.http.post("/v1/merges/preview", json=self.specification(destination, value, name, **flags))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def specification(self, destination: str, value: str, name: str = "userId", **flags: Any) -> dict[str, Any]:
        device = channel(destination)
        return {
            "databaseId": self.id,
            "channel": device["channelType"],
            "qualifier": device["qualifier"],
            "destination": destination,
            "identity": {"name": name, "value": value},
            **flags,
        }

    async def contact(self, contact_id: int) -> dict[str, Any]:
        answer = await self.http.get(f"/databases/{self.id}/contacts/{contact_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def by_identity(self, value: str, name: str = "userId") -> httpx.Response:
        lookup = {"filter": f"lookupkeyfields={name}={value}"}
        return await self.http.get(f"/databases/{self.id}/contacts", params=lookup)

    async def patch(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        return await self.http.patch(f"/databases/{self.id}/{path}", json=body)

    async def patch_contact(self, contact_id: int, **contact: Any) -> httpx.Response:
        return await self.patch(f"contacts/{contact_id}", contact_input(contact))

    async def merge(self, merge_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/merges/{merge_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def established(self, destination: str, value: str, name: str = "userId", **flags: Any) -> dict[str, Any]:
        """What the compatible PUT answers where it succeeds."""
        answer = await self.establish(destination, value, name, **flags)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def by_channel(self, destination: str) -> httpx.Response:
        device = channel(destination)
        address = f"{device['channelType']}-{device['qualifier']}/{destination}"
        return await self.http.get(f"/databases/{self.id}/contactbychannel/{address}")

    async def upsert(self, keys: Mapping[str, str], **contact: Any) -> httpx.Response:
        """By lookup key."""
        pairs = [{"name": name, "value": value} for name, value in keys.items()]
        return await self.patch("contactbylookupkey", {"lookupKeyFields": pairs, "contact": contact_input(contact)})

    async def write(
        self, way: str, contact_id: int, contact: Mapping[str, Any], by: tuple[str, str] = ("userId", "777374")
    ) -> httpx.Response:
        """Sends a contact in one of WAYS: a patch meets `contact_id`, an upsert whoever holds `by`."""
        body = contact_input(contact)
        key = {"name": by[0], "value": by[1]}
        method, path, sent = {
            "create": ("POST", "contacts", body),
            "patch": ("PATCH", f"contacts/{contact_id}", body),
            "upsert": ("PATCH", "contactbylookupkey", {"lookupKeyFields": [key], "contact": body}),
            "registration": ("PATCH", "contactbychannel", {"channel": channel(DEVICE), "contact": body}),
        }[way]
        return await self.http.request(method, f"/databases/{self.id}/{path}", json=sent)

    async def send(self, contact_id: int, name: str, **message: Any) -> None:
        """Puts a message into a contact's inbox."""
        body = {"messageName": name, **message}
        answer = await self.http.post(f"/v1/databases/{self.id}/contacts/{contact_id}/messages", json=body)
        assert answer.status_code == 201, answer.text

    async def inbox(self, contact_id: int) -> set[str]:
        answer = await self.http.get(f"/v1/databases/{self.id}/contacts/{contact_id}/messages")
        assert answer.status_code == 200, answer.text
        return {message["messageName"] for message in answer.json()}

    async def record(self, contact_id: int, kind: str) -> None:
        """Records an event on a contact."""
        answer = await self.http.post(f"/v1/databases/{self.id}/contacts/{contact_id}/events", json={"type": kind})
        assert answer.status_code == 201, answer.text

    async def events(self, contact_id: int) -> dict[str, int]:
        """The types of a contact's events, and the contact id that each came in under."""
        answer = await self.http.get(f"/v1/databases/{self.id}/contacts/{contact_id}/events")
        assert answer.status_code == 200, answer.text
        return {event["type"]: event["recordedOn"] for event in answer.json()}

    async def keep(self, survivor: str) -> None:
        """Has the database's policy name the contact that survives a merge."""
        answer = await self.put_policy({"survivor": survivor})
        assert answer.status_code == 200, answer.text

    async def put_policy(self, body: Mapping[str, Any], **headers: str) -> httpx.Response:
        person = {"Authorization": f"Bearer {self.person}", **headers}
        return await self.http.put(f"/v1/databases/{self.id}/policy", json=body, headers=person)


MakeTenant = Callable[..., Awaitable[Tenant]]


def channel(destination: str) -> dict[str, str]:
    is_push = "|" in destination
    return {
        "channelType": "PUSH" if is_push else "SMS",
        "qualifier": APP_KEY if is_push else CAMPAIGN,
        "destination": destination,
    }


def contact_input(contact: Mapping[str, Any]) -> dict[str, Any]:
    """`custom={"Favorite Food": "Pizza"}` becomes customFields; the rest is sent as it is."""
    body = {name: value for name, value in contact.items() if name != "custom"}
    if custom := contact.get("custom"):
        body["customFields"] = [{"name": name, "value": value} for name, value in custom.items()]
    return body


def custom_fields(contact: Mapping[str, Any]) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in contact["customFields"]}


def identities(contact: Mapping[str, Any]) -> dict[str, str]:
    return {pair["name"]: pair["value"] for pair in contact["identities"]}


def destinations(contact: Mapping[str, Any]) -> set[str]:
    return {one["destination"] for one in contact["channels"]}


async def new_tenant(store: Store, url: str, *, required: tuple[str, ...] = (), keyed: bool = False) -> Tenant:
    database_id = await databases.create(store, "test", keyed=keyed)
    for column in (*COLUMNS, *(Column(name, ColumnType.TEXT, required=True) for name in required)):
        await databases.add_column(store, database_id, column)
    for name in LOOKUP_KEYS:
        await lookup_keys.put(store, database_id, name)
    await databases.add_qualifier(store, database_id, Channel.PUSH, APP_KEY)
    await databases.add_qualifier(store, database_id, Channel.SMS, CAMPAIGN)
    token = await token_for(store, [database_id], [Scope.ADMIN])
    person = await person_token(store, [database_id], Role.ADMIN)
    return Tenant(database_id, client(url, token), person)


async def token_for(
    store: Store, database_ids: list[int] | None, scopes: list[Scope], person_id: int | None = None
) -> str:
    """A service's, for which the person answers, or somebody who does nothing else."""
    bearer = new_token()
    await tokens.create_for_service(
        store,
        bearer,
        service="tests",
        scopes=scopes,
        database_ids=database_ids,
        expires=_in_an_hour(),
        person_id=person_id or await who_answers(store),
    )
    return bearer


async def who_answers(store: Store) -> int:
    """Somebody without a role."""
    with suppress(NameTaken):
        await people.add(store, "answers@services.example", "Ann Answers")
    return (await people.find(store, "answers@services.example")).id


async def person_token(store: Store, database_ids: list[int] | None, role: Role, email: str | None = None) -> str:
    """A personal token of somebody new, or of whoever has the address, who is given the role (None: everywhere)."""
    address = email or f"{uuid4().hex}@people.example"
    with suppress(NameTaken):
        await people.add(store, address, "Tess Tester")
    person = await people.find(store, address)
    for database_id in [None] if database_ids is None else database_ids:
        await people.give_role(store, person.id, role, database_id)
    bearer = new_token()
    await tokens.create_for_person(store, bearer, person, _in_an_hour())
    return bearer


def _in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def client(url: str, token: str | None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    limits = httpx.Limits(max_connections=300, max_keepalive_connections=300)
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=90, limits=limits, trust_env=False)
