"""A receipt can be checked by whoever holds it, without taking anybody's word."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from ledger.checkpoint import open_checkpoint
from ledger.note import SigningKey
from ledger.tree import verify_inclusion
from tests.stack import SIGNING_SEED
from tests.tenant import Tenant

DEVICE = "Sksd03jdJKK|H892hH"
VERIFIER = SigningKey("onefold", SIGNING_SEED).verifier


async def receipt_of(tenant: Tenant) -> dict[str, Any]:
    await tenant.register(DEVICE)
    return dict((await tenant.established(DEVICE, "777374"))["receipt"])


async def covered(tenant: Tenant, receipt: dict[str, Any]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            answer = await tenant.http.post("/v1/receipts/check", json=receipt)
            assert answer.status_code == 200, answer.text
            if answer.json()["checkpoint"]:
                return dict(answer.json())
            await asyncio.sleep(0.2)


async def test_a_receipt_is_covered_by_a_signed_checkpoint_within_seconds(tenant: Tenant) -> None:
    receipt = await receipt_of(tenant)
    found = await covered(tenant, receipt)
    assert {name: found[name] for name in receipt} == receipt
    assert found["kind"] == "identity.assigned"
    checkpoint = open_checkpoint(found["checkpoint"]["note"], [VERIFIER])
    assert checkpoint.origin == found["checkpoint"]["origin"] == f"onefold/{tenant.id}"
    assert checkpoint.size == found["checkpoint"]["size"]
    proof = [bytes.fromhex(one) for one in found["checkpoint"]["inclusionProof"]]
    leaf = bytes.fromhex(receipt["entry_hash"])
    assert verify_inclusion(leaf, receipt["seq"] - 1, checkpoint.size, proof, checkpoint.root)
    latest = (await tenant.http.get(f"/v1/databases/{tenant.id}/checkpoints/latest")).json()
    assert open_checkpoint(latest["note"], [VERIFIER]).size == latest["size"] >= checkpoint.size


async def test_a_receipt_of_no_entry_and_one_of_another_database_are_told_apart_from_nothing(
    tenant: Tenant, make_tenant: Callable[..., Awaitable[Tenant]]
) -> None:
    receipt = await receipt_of(tenant)
    for wrong, told in (({"entry_hash": "0" * 64}, "has another hash"), ({"seq": 1000}, "has no entry 1000")):
        answer = await tenant.http.post("/v1/receipts/check", json={**receipt, **wrong})
        assert (answer.status_code, answer.json()["code"]) == (404, "receipt-unknown")
        assert told in answer.json()["detail"]
    stranger = await make_tenant()
    answer = await stranger.http.post("/v1/receipts/check", json=receipt)
    assert (answer.status_code, answer.json()["code"]) == (404, "database-not-found")
    answer = await stranger.http.get(f"/v1/databases/{tenant.id}/checkpoints/latest")
    assert (answer.status_code, answer.json()["code"]) == (404, "database-not-found")


async def test_metrics_tell_how_it_goes_with_signing_and_name_nobody(tenant: Tenant) -> None:
    answer = await tenant.http.get("/metrics", headers={"Authorization": ""})
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    told = dict(re.findall(r"^(onefold_\w+) (\S+)$", answer.text, re.MULTILINE))
    assert (told["onefold_checkpoint_signing"], told["onefold_checkpoint_places"]) == ("1", "2")
    assert {"onefold_checkpoint_refused_databases", "onefold_checkpoint_late_databases"} < told.keys()
