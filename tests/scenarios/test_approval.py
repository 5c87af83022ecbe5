"""A merge that the policy holds back: a person decides on what they saw, and exactly that happens."""

from uuid import uuid4

import pytest

from domain.times import parse_time
from tests.scenarios.approvals import (
    VALUE,
    A,
    Reviewer,
    Reviewers,
    asks,
    held_back,
    pending,
    refusal,
    two_contacts,
    when_done,
)
from tests.tenant import MakeTenant, Tenant


async def test_a_merge_waits_and_is_executed_as_it_was_approved(tenant: Tenant, specialist: Reviewer) -> None:
    lookup, device = await two_contacts(tenant)
    await asks(tenant)

    waiting = await pending(tenant)
    assert (waiting["reasons"], waiting["plan"]["revision"], waiting["outcome"]) == (["always"], 1, None)
    assert waiting["deadline"] is not None
    assert (await tenant.contact(lookup))["id"] == lookup, "nothing has happened yet"

    answer = await specialist.decide(waiting["id"], waiting["plan"]["digest"])
    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["outcome"]) == ("done", "merged")
    done = await specialist.merge(waiting["id"])
    assert done["plan"]["digest"] == waiting["plan"]["digest"]
    assert [(one["decision"], one["tookEffect"], one["revision"]) for one in done["decisions"]] == [
        ("approve", True, 1)
    ]
    assert done["winnerRecipientId"] == device
    assert answer.json()["receipt"] == done["receipt"]
    assert (await tenant.http.get(f"/databases/{tenant.id}/contacts/{lookup}")).status_code == 308
    assert (await tenant.established(A, VALUE))["outcome"] == "unchanged"


async def test_an_edit_between_seeing_and_approving_makes_a_second_revision(
    tenant: Tenant, specialist: Reviewer
) -> None:
    _, device = await two_contacts(tenant)
    await asks(tenant)
    waiting = await pending(tenant)
    assert (await tenant.patch_contact(device, custom={"Favorite Food": "Salad"})).status_code == 204

    refused = await specialist.decide(waiting["id"], waiting["plan"]["digest"])
    assert refused.status_code == 412, refused.text
    now = await specialist.merge(waiting["id"])
    assert (refused.json()["revision"], refused.json()["digest"]) == (2, now["plan"]["digest"])
    assert now["state"] == "pending_approval"
    assert [one["cause"] for one in now["revisions"]] == ["requested", "decided-on-another"]
    (change,) = [one for one in now["revisions"][1]["changes"] if one["what"] == "fields/Favorite Food"]
    assert (change["before"]["result"], change["after"]["result"]) == ("Burger", "Salad")
    assert now["deadline"] == waiting["deadline"], "a next revision gives nobody more time"

    again = await specialist.decide(waiting["id"], waiting["plan"]["digest"])
    assert again.status_code == 412, "the first revision stays stale"
    assert (await specialist.decide(waiting["id"], now["plan"]["digest"])).status_code == 200
    done = await specialist.merge(waiting["id"])
    assert [(one["revision"], one["tookEffect"]) for one in done["decisions"]] == [(1, False), (2, True)]
    assert done["plan"]["revision"] == 2


async def test_a_rejection_changes_nothing(tenant: Tenant, specialist: Reviewer) -> None:
    lookup, device = await two_contacts(tenant)
    await asks(tenant)
    before = [await tenant.contact(one) for one in (lookup, device)]
    waiting = await pending(tenant)

    answer = await specialist.reject(waiting, reason="A shared tablet.")

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["decision"], told["state"], told["outcome"]) == ("reject", "done", "rejected")
    assert [await tenant.contact(one) for one in (lookup, device)] == before
    done = await tenant.merge(waiting["id"])
    assert (done["outcome"], done["winnerRecipientId"], done["receipt"]) == ("rejected", None, told["receipt"])
    (decision,) = done["decisions"]
    assert (decision["decision"], decision["reason"], decision["by"]["person"], decision["by"]["token"]) == (
        "reject",
        "A shared tablet.",
        "Tess Tester",
        specialist.token.id,
    )


async def test_what_was_rejected_may_be_asked_for_again(tenant: Tenant, specialist: Reviewer) -> None:
    waiting = await held_back(tenant)
    assert (await specialist.reject(waiting)).status_code == 200

    again = await pending(tenant)

    assert again["id"] != waiting["id"]
    assert (await specialist.approve(again)).status_code == 200


@pytest.mark.parametrize(
    ("reason", "code"),
    [(None, "reason-missing"), ("", "request-invalid"), (" \n", "reason-missing"), ("\u200b", "value-invalid")],
)
async def test_a_rejection_needs_a_reason(tenant: Tenant, specialist: Reviewer, reason: str | None, code: str) -> None:
    waiting = await held_back(tenant)

    refused = await specialist.reject(waiting, reason=reason)

    assert refusal(refused) == (422, code)
    now = await tenant.merge(waiting["id"])
    assert (now["state"], now["decisions"]) == ("pending_approval", [])


async def test_a_decision_names_the_digest_that_was_seen(tenant: Tenant, specialist: Reviewer) -> None:
    waiting = await held_back(tenant)
    shown = await specialist.http.get(f"/v1/merges/{waiting['id']}")
    assert shown.headers["etag"] == f'"{waiting["plan"]["digest"]}"'

    for decision in ("approve", "reject"):
        assert refusal(await specialist.decide(waiting["id"], None, decision)) == (428, "digest-missing")
        for other in ("0" * 64, "*", "", waiting["plan"]["digest"].upper(), f"W/{waiting['plan']['digest']}"):
            unknown = await specialist.decide(waiting["id"], other, decision)
            assert refusal(unknown) == (412, "digest-unknown")
            assert (unknown.json()["revision"], unknown.json()["digest"]) == (1, waiting["plan"]["digest"])
    now = await tenant.merge(waiting["id"])
    assert (now["state"], now["decisions"]) == ("pending_approval", [])


@pytest.mark.parametrize(("decision", "outcome"), [("approve", "merged"), ("reject", "rejected")])
async def test_what_is_decided_says_so_with_who_and_when(
    tenant: Tenant, people: Reviewers, specialist: Reviewer, decision: str, outcome: str
) -> None:
    waiting = await held_back(tenant)
    other = await people()
    digest = waiting["plan"]["digest"]
    assert (await specialist.decide(waiting["id"], digest, decision)).status_code == 200

    for late in ("approve", "reject"):
        for seen in (digest, "0" * 64):
            refused = await other.decide(waiting["id"], seen, late)
            assert refusal(refused) == (409, "already-decided")
            told = refused.json()
            (made,) = (await tenant.merge(waiting["id"]))["decisions"]
            assert (told["decision"], told["by"], told["outcome"]) == (decision, "Tess Tester", outcome)
            assert parse_time(told["at"]) == parse_time(made["at"])
            assert all(word in told["detail"] for word in ("Tess Tester", decision, told["at"]))


async def test_a_merge_that_nobody_was_asked_about_cannot_be_decided(tenant: Tenant, specialist: Reviewer) -> None:
    await two_contacts(tenant)
    merge_id = (await tenant.established(A, VALUE))["mergeId"]

    refused = await specialist.decide(merge_id, (await tenant.merge(merge_id))["plan"]["digest"])

    assert refusal(refused) == (409, "already-decided")
    assert "merged" in refused.json()["detail"]


async def test_what_is_not_there_or_elsewhere_is_not_found(
    tenant: Tenant, specialist: Reviewer, make_tenant: MakeTenant
) -> None:
    elsewhere = await held_back(await make_tenant())

    for merge_id in (elsewhere["id"], str(uuid4())):
        digest = elsewhere["plan"]["digest"]
        answers = [
            await specialist.decide(merge_id, digest),
            await specialist.http.post(f"/v1/merges/{merge_id}/withdrawal", json={}),
            await specialist.http.put(f"/v1/merges/{merge_id}/claim"),
            await specialist.http.delete(f"/v1/merges/{merge_id}/claim"),
            await specialist.http.post(f"/v1/merges/{merge_id}/comments", json={"text": "Hello"}),
        ]
        assert [refusal(answer) for answer in answers] == [(404, "merge-not-found")] * 5


async def test_the_requests_of_two_devices_wait_and_are_decided_apart(tenant: Tenant, specialist: Reviewer) -> None:
    one = await held_back(tenant)
    await tenant.register("muidC|channelC", custom={"Alias Id": "A-3"})
    await tenant.register("muidD|channelD")
    two_answer = await tenant.establish("muidD|channelD", "A-3", "Alias Id")
    two = await tenant.merge(two_answer.json()["mergeId"])

    assert refusal(await specialist.decide(one["id"], two["plan"]["digest"])) == (412, "digest-unknown")
    assert (await specialist.approve(two)).json()["outcome"] == "merged"

    assert (await tenant.merge(one["id"]))["state"] == "pending_approval"
    assert (await specialist.reject(one)).json()["outcome"] == "rejected"
    assert (await when_done(tenant, one["id"]))["decisions"][0]["decision"] == "reject"
