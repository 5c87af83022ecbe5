"""Canaries through every outcome and many errors: no log, no byte of Temporal's and no hashed byte repeats one."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from google.protobuf import json_format
from sqlalchemy import text
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from store.engine import Store
from tests.chaos.patience import eventually
from tests.stack import CODEC_ORIGIN, CODEC_SECRET, LEDGER_KEYRING, Stack, servers
from tests.tenant import Tenant, client, contact_input, new_tenant

pytestmark = pytest.mark.slow

EMAIL = "kakapo.strigops@example.org"
FOOD = "Rimu berries of Codfish Island"
IDENTITY = "sirocco-19970323"
OTHER_IDENTITY = "felix-19880101"
MUID = "HuhuMuid7Qx"
CHANNEL_ID = "WetaChannel9Zr"
PHONE = "4915550199887"
CANARIES = (EMAIL, FOOD, IDENTITY, OTHER_IDENTITY, MUID, CHANNEL_ID, PHONE)
AS_JSON = {"Content-Type": "application/json"}
DEVICE = f"{MUID}|{CHANNEL_ID}"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with servers(tmp_path_factory.mktemp("privacy")) as stack, ExitStack() as held:
        held.enter_context(stack.worker())
        held.enter_context(stack.api())
        yield stack
        stack.check_invariants()


@pytest.fixture(scope="module")
async def store(own: Stack) -> AsyncIterator[Store]:
    connected = Store.connect(own.database_url, ledger_keys=LEDGER_KEYRING)
    yield connected
    await connected.close()


@pytest.fixture(scope="module")
async def visited(own: Stack, store: Store) -> Stack:
    """The stack, after the canaries went through it."""
    tenant = await new_tenant(store, own.url)
    strict = await new_tenant(store, own.url, required=("Country",))
    outcomes = await every_outcome(tenant, strict)
    assert outcomes == ["assigned", "reassigned", "unchanged", "merged", "not_found", "blocked"]
    await refusals(tenant)
    await failures(own, tenant)
    await tenant.http.aclose()
    await strict.http.aclose()
    return own


async def every_outcome(tenant: Tenant, strict: Tenant) -> list[str]:
    person: dict[str, Any] = {"email": EMAIL, "custom": {"Favorite Food": FOOD}}
    await tenant.register(DEVICE, **person)
    await tenant.register(PHONE, **person)
    await strict.register(DEVICE, **person)
    answers = [
        await tenant.establish(DEVICE, OTHER_IDENTITY),
        await tenant.establish(DEVICE, IDENTITY),
        await tenant.establish(DEVICE, IDENTITY),
        await tenant.establish(PHONE, IDENTITY),
        await tenant.establish(f"{MUID}|unknown", IDENTITY),
        await strict.establish(DEVICE, IDENTITY),
    ]
    return [answer.json()["outcome"] for answer in answers]


async def refusals(tenant: Tenant) -> None:
    """What the edge refuses, each with a canary in path, query, body or header."""
    http, root = tenant.http, f"/databases/{tenant.id}"
    other = await tenant.create()
    long = {"identity": {"name": "userId", "value": IDENTITY * 30}}
    shapeless = {"identity": {"name": "userId", "value": [IDENTITY]}}
    claim = contact_input({"custom": {"userId": IDENTITY}})
    answers = [
        await tenant.establish(f"{DEVICE}|{EMAIL}", IDENTITY),
        await tenant.establish(DEVICE, IDENTITY, name="Favorite Food"),
        await http.put(tenant.path(DEVICE), json=long),
        await http.put(tenant.path(DEVICE), json=shapeless),
        await http.put(tenant.path(DEVICE), content=f'{{"{EMAIL}": 1, "{EMAIL}": 2}}', headers=AS_JSON),
        await http.put(tenant.path(DEVICE), content=json.dumps(EMAIL * 2000), headers=AS_JSON),
        await http.put(tenant.path(DEVICE), content=EMAIL),
        await http.patch(f"{root}/contacts/{other}", json=claim),
        await http.post(f"{root}/contacts", json={"email": f"{EMAIL} {EMAIL}"}),
        await http.get(f"{root}/contacts", params={"filter": EMAIL}),
        await http.get(f"{root}/contacts", params={"filter": f"lookupkeyfields=userId={PHONE}"}),
        await http.get(f"{root}/contactbychannel/SMS-{PHONE}/{PHONE}"),
        await http.get(f"/{EMAIL}", params={"phone": PHONE}),
        await http.get("/v1/merges", headers={"Authorization": f"Bearer {IDENTITY}"}),
    ]
    assert all(400 <= answer.status_code < 500 for answer in answers), [answer.status_code for answer in answers]


async def failures(own: Stack, tenant: Tenant) -> None:
    """PostgreSQL refuses what API and worker do, first by an error that quotes the whole row, then by a lock."""
    contact = await tenant.register(DEVICE)
    await tenant.register("M2|C2")
    with psycopg.connect(own.postgres.owner_url, autocommit=True) as owner:
        owner.execute("ALTER TABLE contacts ADD CONSTRAINT refused_by_a_test CHECK (version < 0) NOT VALID")
        assert (await tenant.patch_contact(contact, email=EMAIL)).status_code == 500
        asked = asyncio.create_task(tenant.established("M2|C2", IDENTITY))
        log = own.log("worker")
        await eventually(lambda: log.read_bytes().count(b"Completing activity as failed") >= 2)
        owner.execute("ALTER TABLE contacts DROP CONSTRAINT refused_by_a_test")
    assert (await asked)["outcome"] == "merged"

    holder = (await tenant.by_identity(IDENTITY)).json()["id"]
    await tenant.register("M3|C3")
    with psycopg.connect(own.database_url) as locker:
        locker.execute("SELECT id FROM contacts WHERE id = %s FOR UPDATE", [holder])
        asked = asyncio.create_task(tenant.established("M3|C3", IDENTITY))
        assert (await tenant.patch_contact(holder, email=EMAIL)).status_code == 503
        await eventually(lambda: b"LockNotAvailable" in log.read_bytes())
    assert (await asked)["outcome"] == "merged"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("worker", b"Completing activity as failed"),
        ("serve", b"/databases/{databaseId}/establishidentity/"),
        ("postgres", b"refused_by_a_test"),
        ("temporal", b""),
    ],
)
def test_no_log_repeats_a_personal_value(visited: Stack, name: str, known: bytes) -> None:
    """`known` is in the log: what these tests did left its trace there."""
    content = visited.log(name).read_bytes()
    assert known in content
    assert canaries_in(content) == []


async def test_no_metric_repeats_a_personal_value(visited: Stack) -> None:
    async with client(visited.url, None) as http:
        told = (await http.get("/metrics")).content
    assert b"onefold_checkpoint_signing" in told
    assert canaries_in(told) == []


async def test_no_byte_of_temporals_files_is_a_personal_value(visited: Stack) -> None:
    content = b"".join(file.read_bytes() for file in visited.folder.glob("temporal.db*"))
    some = [execution.id async for execution in (await plain_client(visited)).list_workflows(limit=3)]
    assert all(workflow_id.encode() in content for workflow_id in some)
    assert canaries_in(content) == []


async def test_nothing_that_temporal_tells_without_our_key_is_a_personal_value(visited: Stack) -> None:
    """Ids, search attributes, memo, and whole histories, without the codec."""
    events = [event for run in await histories(visited) for event in run]
    listed = [execution.raw_info async for execution in (await plain_client(visited)).list_workflows()]
    told = b"".join(message.SerializeToString() for message in (*events, *listed))
    assert b"DatabaseId" in told
    assert b"establish-identity-" in told
    assert canaries_in(told) == []


async def test_no_hashed_byte_is_a_personal_value(visited: Stack, store: Store) -> None:
    async with store.transaction() as connection:
        rows = (await connection.execute(text("SELECT kind, canonical FROM ledger_entries"))).all()
    assert {row.kind for row in rows} >= {
        *("merge.executed", "identity.assigned", "identity.reassigned", "identity.unchanged"),
        *("device.not_found", "merge.blocked"),
    }
    assert canaries_in(b"".join(bytes(row.canonical) for row in rows)) == []


async def test_summaries_are_encrypted_and_only_the_codec_endpoint_reads_them(visited: Stack) -> None:
    summaries = [
        event.user_metadata.summary
        for run in await histories(visited)
        for event in run
        if event.HasField("user_metadata")
    ]
    assert {summary.metadata["encoding"] for summary in summaries} == {b"binary/encrypted"}

    with_secret = f"/temporal/codec/{CODEC_SECRET}/decode"
    read = [await decoded(visited, with_secret, summary, CODEC_ORIGIN) for summary in summaries]
    assert {status for status, _ in read} == {200}
    assert any("Establish identity in database" in clear for _, clear in read)
    assert any("Execute once" in clear for _, clear in read)

    assert await decoded(visited, with_secret, summaries[0], "http://evil.example") == (403, "")
    assert await decoded(visited, with_secret, summaries[0], None) == (403, "")
    assert await decoded(visited, "/temporal/codec/guess/decode", summaries[0], CODEC_ORIGIN) == (404, "")


def canaries_in(content: bytes) -> list[str]:
    return [canary for canary in CANARIES if canary.encode() in content]


async def plain_client(stack: Stack) -> Client:
    """As somebody who reached Temporal and has no key."""
    return await Client.connect(stack.env["TEMPORAL_ADDRESS"])


async def histories(stack: Stack) -> list[list[HistoryEvent]]:
    plain = await plain_client(stack)
    return [
        list((await plain.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()).events)
        async for run in plain.list_workflows()
    ]


async def decoded(stack: Stack, path: str, payload: Payload, origin: str | None) -> tuple[int, str]:
    """The endpoint's status and the payload in clear; nothing where it gives none."""
    body = json_format.MessageToJson(Payloads(payloads=[payload]))
    headers = {"Content-Type": "application/json"} | ({"Origin": origin} if origin else {})
    async with client(stack.url, None) as http:
        answer = await http.post(path, content=body.encode(), headers=headers)
    if not answer.content:
        return answer.status_code, ""
    return answer.status_code, b64decode(answer.json()["payloads"][0]["data"]).decode()
