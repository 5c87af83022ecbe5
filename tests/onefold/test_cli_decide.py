"""`onefold approve`, `reject` and `withdraw`: what became of the decision, and how the command ends."""

import pytest

from domain.roles import Role
from store.engine import Store
from tests.onefold.reviewing import Person, bearer
from tests.scenarios.approvals import A, held_back, when_done
from tests.scenarios.test_waiting import row_held
from tests.stack import Stack, free_port
from tests.tenant import Tenant, person_token

NOBODYS = "00000000-0000-4000-8000-000000000000"
DIGEST = "0" * 64


async def test_an_approved_merge_is_told_with_its_winner_and_its_receipt(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)

    ended = await specialist("approve", merge["id"], "--digest", merge["plan"]["digest"], "--reason", "Called her.")

    done = await tenant.merge(merge["id"])
    assert (ended.code, ended.err) == (0, "")
    assert ended.lines[0] == f"Merge {merge['id']} is merged."
    assert ended.line("Receipt").startswith(f"Receipt entry {done['receipt']['seq']}, hash")
    assert done["receipt"]["entry_hash"] in ended.out
    assert ended.lines[-1] == (
        f"For the device answers contact {done['winnerRecipientId']}, channel identifier"
        f" {done['winnerChannelIdentifier']}."
    )
    assert done["decisions"][0]["reason"] == "Called her."


async def test_a_stale_approval_tells_what_changed_and_what_to_approve_instead(
    tenant: Tenant, specialist: Person
) -> None:
    merge = await held_back(tenant)
    await tenant.register(A, custom={"Favorite Food": "Salad"})

    ended = await specialist("approve", merge["id"], "--digest", merge["plan"]["digest"])

    now = await tenant.merge(merge["id"])
    assert (now["state"], now["plan"]["revision"]) == ("pending_approval", 2)
    assert ended.code == 3
    assert ended.err == "onefold: The plan has changed since you saw it. Nothing was done. (plan-stale)\n"
    assert ended.lines[0] == f"Revision 2 stands now, with the digest {now['plan']['digest']}."
    assert ended.line("Favorite Food, result") == "Favorite Food, result Burger Salad"
    assert ended.lines[-1] == f"onefold approve {merge['id']} --digest {now['plan']['digest']}"
    assert (await specialist(*ended.lines[-1].split()[1:])).code == 0


async def test_who_saw_an_early_revision_is_told_of_every_change_since(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)
    for food in ("Salad", "Soup"):
        await tenant.register(A, custom={"Favorite Food": food})
        stands = (await tenant.merge(merge["id"]))["plan"]["digest"]
        ended = await specialist("approve", merge["id"], "--digest", stands)
    assert [line for line in ended.lines if line.startswith("Changed")] == [
        "Changed in revision 3, because somebody decided on a plan that no longer held:"
    ]

    ended = await specialist("approve", merge["id"], "--digest", merge["plan"]["digest"])

    assert ended.lines[0].startswith("Revision 3 stands now")
    assert [line.split()[3] for line in ended.lines if line.startswith("Changed")] == ["2,", "3,"]


async def test_a_digest_of_no_revision_is_said_to_be_unknown_with_the_one_that_stands(
    tenant: Tenant, specialist: Person
) -> None:
    merge = await held_back(tenant)
    ended = await specialist("approve", merge["id"], "--digest", DIGEST)
    assert ended.code == 3
    assert ended.lines == [f"Revision 1 stands now, with the digest {merge['plan']['digest']}."]
    assert ended.err == "onefold: No plan of this merge has ever had this digest. Nothing was done. (digest-unknown)\n"
    assert (await tenant.merge(merge["id"]))["state"] == "pending_approval"


@pytest.mark.parametrize(
    "digest", ["", "abc", DIGEST[1:], DIGEST + "0", DIGEST[1:] + "G", f'"{DIGEST}"', DIGEST + "\n"]
)
async def test_what_is_no_digest_is_wrong_usage(specialist: Person, digest: str) -> None:
    for command in (("approve",), ("reject", "--reason", "No.")):
        ended = await specialist(*command, NOBODYS, "--digest", digest)
        assert (ended.code, ended.out) == (2, "")
        assert "a digest has 64 of 0-9 and a-f" in " ".join(ended.err.replace("│", " ").split())


async def test_a_rejection_without_a_digest_names_the_plan_that_stands(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)
    assert (await specialist("reject", merge["id"])).code == 2, "a rejection needs a reason"

    ended = await specialist("reject", merge["id"], "--reason", "Father and son.")

    assert ended.code == 0
    assert ended.lines[:2] == [
        f"The plan that stands is revision 1, digest {merge['plan']['digest']}.",
        f"Merge {merge['id']} is rejected.",
    ]
    assert "kept apart" not in ended.out
    done = await tenant.merge(merge["id"])
    assert (done["outcome"], done["decisions"][0]["notSamePerson"]) == ("rejected", False)


async def test_a_rejection_with_a_digest_is_of_that_plan_only(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)
    stale = await specialist("reject", merge["id"], "--digest", DIGEST, "--reason", "Father and son.")
    assert (stale.code, (await tenant.merge(merge["id"]))["state"]) == (3, "pending_approval")
    digest = merge["plan"]["digest"]
    ended = await specialist("reject", merge["id"], "--digest", digest, "--reason", "x", "--not-same-person")
    assert ended.lines[0] == f"Merge {merge['id']} is rejected."
    assert ended.lines[-1].startswith("These two contacts are kept apart")


async def test_who_comes_too_late_is_told_who_decided_what_and_when(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)
    await specialist("approve", merge["id"], "--digest", merge["plan"]["digest"])
    at = (await tenant.merge(merge["id"]))["decisions"][0]["at"]

    ended = await specialist("reject", merge["id"], "--reason", "Too late.")

    assert ended.code == 3
    assert ended.err == f"onefold: Tess Tester decided before (approve, {at}): the merge is merged. (already-decided)\n"


async def test_a_decision_that_goes_on_is_no_failure(
    stack: Stack, store: Store, tenant: Tenant, specialist: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = await held_back(tenant)
    port = free_port()
    with stack.api("impatient", {"ONEFOLD_PORT": str(port), "ONEFOLD_WAIT": "1"}):
        monkeypatch.setenv("ONEFOLD_URL", f"http://127.0.0.1:{port}")
        async with row_held(store, merge["plan"]["survivor"]):
            ended = await specialist("approve", merge["id"], "--digest", merge["plan"]["digest"])
    assert (ended.code, ended.err) == (0, "")
    told = f"It is decided and goes on: `onefold plan show {merge['id']}` says what becomes of it."
    assert ended.lines == [told]
    assert (await when_done(tenant, merge["id"]))["outcome"] == "merged"


async def test_a_request_is_withdrawn_with_the_token_that_made_it(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)

    ended = await specialist("withdraw", merge["id"], "--reason", "A typing error.")

    assert (ended.code, ended.err) == (0, "")
    assert ended.lines[0] == f"Merge {merge['id']} is withdrawn."
    assert (await tenant.merge(merge["id"]))["decisions"][0]["reason"] == "A typing error."


async def test_nobody_elses_request_is_withdrawn(
    tenant: Tenant, specialist: Person, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = await held_back(tenant)
    monkeypatch.setenv("ONEFOLD_TOKEN", await person_token(store, [tenant.id], Role.REQUESTER))
    ended = await specialist("withdraw", merge["id"])
    assert (ended.code, ended.err.rpartition(" ")[2]) == (3, "(not-requester)\n")


async def test_the_token_of_a_service_decides_nothing(
    tenant: Tenant, specialist: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge = await held_back(tenant)
    service = bearer(tenant)
    ended = await specialist("approve", merge["id"], "--digest", merge["plan"]["digest"], "--token", service)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.endswith("(person-required)\n")
    assert service not in ended.err


async def test_a_pair_that_is_kept_apart_is_listed_until_it_is_lifted(tenant: Tenant, specialist: Person) -> None:
    merge = await held_back(tenant)
    await specialist("reject", merge["id"], "--reason", "Father and \u2800son.", "--not-same-person")

    listed = await specialist("kept-apart", "list", tenant.id)
    (pair,) = (await specialist("kept-apart", "list", tenant.id, "--json")).json["pairs"]

    words = " ".join(listed.out.split())
    one, other = pair["contacts"]
    assert {one, other} == {merge["plan"]["survivor"], merge["plan"]["absorbed"]}
    assert f"{pair['id']} {one} and {other} 20" in words
    assert "Tess Tester Father and <U+2800>son." in words
    lifted = await specialist("kept-apart", "lift", tenant.id, pair["id"])
    assert (lifted.code, lifted.out) == (0, f"Pair {pair['id']} of database {tenant.id} is no longer kept apart.\n")
    empty = await specialist("kept-apart", "list", tenant.id)
    assert empty.out == f"No contacts of database {tenant.id} are kept apart.\n"
    again = await specialist("kept-apart", "lift", tenant.id, pair["id"])
    assert (again.code, again.err) == (4, "onefold: The database keeps no such pair apart. (pair-not-found)\n")
