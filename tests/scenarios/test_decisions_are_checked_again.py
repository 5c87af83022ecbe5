"""Between a decision and its effect: whoever acts on it asks again whether it may stand."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.gateway import DecisionRefused, Gateway
from domain.decision import Kind
from domain.errors import DigestUnknown, OwnRequest, PersonRequired, PlanStale, Refusal, RoleMissing
from domain.messages import Decided, DecideInput
from domain.plan import Outcome
from domain.roles import Role
from store import databases, endings, merge_transaction, proposals
from store import people as all_people
from store.engine import Store
from store.tokens import OwnerKind, Scope, Token
from tests.scenarios.approvals import VALUE, A, Reviewer, Reviewers, brought, execute, held_back, refusal
from tests.stack import Stack
from tests.tenant import Tenant, client, token_for

Change = Callable[[Store, Stack, Tenant, Reviewer], Awaitable[None]]


async def role_is_taken(store: Store, _: Stack, tenant: Tenant, reviewer: Reviewer) -> None:
    assert await all_people.take_role(store, reviewer.person_id, Role.SPECIALIST, tenant.id)


async def role_is_given_elsewhere(store: Store, stack: Stack, tenant: Tenant, reviewer: Reviewer) -> None:
    await role_is_taken(store, stack, tenant, reviewer)
    elsewhere = await databases.create(store, "elsewhere")
    await all_people.give_role(store, reviewer.person_id, Role.SPECIALIST, elsewhere)


async def person_is_disabled(store: Store, _: Stack, __: Tenant, reviewer: Reviewer) -> None:
    await all_people.disable(store, reviewer.person_id)


async def token_is_revoked(store: Store, _: Stack, __: Tenant, reviewer: Reviewer) -> None:
    await execute(store, "UPDATE tokens SET revoked = now() WHERE id = :id", id=reviewer.token.id)


async def token_expires(store: Store, _: Stack, __: Tenant, reviewer: Reviewer) -> None:
    await execute(store, "UPDATE tokens SET expires = now() WHERE id = :id", id=reviewer.token.id)


async def decider_joins(store: Store, stack: Stack, tenant: Tenant, reviewer: Reviewer) -> None:
    bearer = await token_for(store, [tenant.id], [Scope.MERGES_REQUEST], reviewer.person_id)
    async with client(stack.url, bearer) as http:
        assert (await Tenant(tenant.id, http).establish(A, VALUE)).status_code == 202


BETWEEN: dict[str, tuple[Change, str]] = {
    "the role was taken away": (role_is_taken, "role-missing"),
    "the role is one of another database": (role_is_given_elsewhere, "role-missing"),
    "the person was disabled": (person_is_disabled, "role-missing"),
    "the token was revoked": (token_is_revoked, "role-missing"),
    "the token has expired": (token_expires, "role-missing"),
    "the decider joined the request": (decider_joins, "own-request"),
}


@pytest.mark.parametrize("kind", [Kind.APPROVE, Kind.REJECT])
@pytest.mark.parametrize("what", BETWEEN)
async def test_it_has_no_effect_where(
    stack: Stack, store: Store, tenant: Tenant, people: Reviewers, gateway: Gateway, what: str, kind: Kind
) -> None:
    happens, code = BETWEEN[what]
    waiting, reviewer = await held_back(tenant), await people()
    stored = await reviewer.store_decision(store, waiting, kind)

    await happens(store, stack, tenant, reviewer)
    with pytest.raises(DecisionRefused) as refused:
        await brought(gateway, store, waiting, stored)

    assert refused.value.code == code
    now = await tenant.merge(waiting["id"])
    assert (now["state"], now["outcome"]) == ("pending_approval", None)
    assert [(one["tookEffect"], one["refused"]) for one in now["decisions"]] == [(False, code)]
    assert (await (await people()).approve(waiting)).json()["outcome"] == "merged", "it went on waiting"


@pytest.mark.parametrize("kind", [Kind.APPROVE, Kind.REJECT])
async def test_it_has_its_effect_where_nothing_came_between(
    store: Store, tenant: Tenant, specialist: Reviewer, gateway: Gateway, kind: Kind
) -> None:
    waiting = await held_back(tenant)
    stored = await specialist.store_decision(store, waiting, kind)
    assert (await tenant.merge(waiting["id"]))["state"] == "pending_approval", "a row alone does nothing"

    decided = await brought(gateway, store, waiting, stored)

    outcome = {Kind.APPROVE: "merged", Kind.REJECT: "rejected"}[kind]
    assert decided == Decided(outcome)


async def all_is_as_before(store: Store, tenant: Tenant, reviewer: Reviewer) -> None:
    person = {"person": reviewer.person_id}
    await all_people.give_role(store, reviewer.person_id, Role.SPECIALIST, tenant.id)
    await all_people.enable(store, reviewer.person_id)
    valid = "UPDATE tokens SET revoked = NULL, expires = now() + interval '1 hour' WHERE person_id = :person"
    await execute(store, valid, **person)
    asked = "DELETE FROM merge_requesters USING tokens t WHERE t.id = token_id AND t.person_id = :person"
    await execute(store, asked, **person)


@pytest.mark.parametrize("kind", [Kind.APPROVE, Kind.REJECT])
@pytest.mark.parametrize("what", BETWEEN)
async def test_what_was_refused_stays_refused_when_its_cause_is_gone(
    stack: Stack, store: Store, tenant: Tenant, people: Reviewers, gateway: Gateway, what: str, kind: Kind
) -> None:
    """Its maker was told that nothing was done, and somebody may have kept what was sent."""
    happens, code = BETWEEN[what]
    waiting, reviewer = await held_back(tenant), await people()
    stored = await reviewer.store_decision(store, waiting, kind)
    await happens(store, stack, tenant, reviewer)
    with pytest.raises(DecisionRefused):
        await brought(gateway, store, waiting, stored)
    await all_is_as_before(store, tenant, reviewer)

    with pytest.raises(Refusal) as refused:
        await acted_on(store, stored, waiting)

    assert refused.value.code == code
    assert (await reviewer.decide(waiting["id"], waiting["plan"]["digest"], kind.value)).status_code == 200


async def acted_on(store: Store, stored: DecideInput, merge: dict[str, Any]) -> Outcome:
    """As an activity does that somebody asked for alone."""
    merge_id, decision_id, kind = UUID(merge["id"]), UUID(stored.decision_id), Kind(stored.kind)
    if kind is Kind.APPROVE:
        return await merge_transaction.merge(store, merge_id, "run", 1, decision_id)
    return await endings.end(store, merge_id, "run", 1, kind, decision_id)


@pytest.mark.parametrize("kind", [Kind.APPROVE, Kind.REJECT])
async def test_a_plan_that_comes_back_is_another_revision(
    store: Store, tenant: Tenant, people: Reviewers, gateway: Gateway, kind: Kind
) -> None:
    """What was decided on it the first time, and not carried out, is not of it."""
    waiting, reviewer, other = await held_back(tenant), await people(), await people()
    stored = await reviewer.store_decision(store, waiting, kind)
    now = waiting
    for food in ("Salad", "Burger"):
        await tenant.patch_contact(waiting["plan"]["survivor"], custom={"Favorite Food": food})
        assert refusal(await other.approve(now)) == (412, "plan-stale")
        now = await tenant.merge(waiting["id"])
    assert (now["plan"]["revision"], now["plan"]["digest"]) == (3, waiting["plan"]["digest"])

    assert await brought(gateway, store, waiting, stored) == Decided(None)

    with pytest.raises(PlanStale):
        await acted_on(store, stored, waiting)
    assert (await reviewer.decide(waiting["id"], now["plan"]["digest"], kind.value)).status_code == 200


async def test_what_a_run_refused_without_asking_the_merge_stays_refused(
    store: Store, tenant: Tenant, specialist: Reviewer
) -> None:
    """A second run of the merge has shown another plan, which the first one does not know of."""
    waiting = await held_back(tenant)
    await tenant.patch_contact(waiting["plan"]["survivor"], custom={"Favorite Food": "Salad"})
    await proposals.propose(store, UUID(waiting["id"]), "second", 1, "contacts-changed", frozenset())
    now = await tenant.merge(waiting["id"])
    assert now["plan"]["revision"] == 2

    assert refusal(await specialist.approve(now)) == (412, "plan-stale")

    (told,) = (await tenant.merge(waiting["id"]))["decisions"]
    with pytest.raises(PlanStale):
        await acted_on(store, DecideInput(told["id"], "approve", now["plan"]["digest"]), waiting)


async def test_a_role_that_is_given_back_counts_again(
    store: Store, tenant: Tenant, specialist: Reviewer, gateway: Gateway
) -> None:
    waiting = await held_back(tenant)
    stored = await specialist.store_decision(store, waiting)
    await all_people.disable(store, specialist.person_id)
    with pytest.raises(DecisionRefused):
        await brought(gateway, store, waiting, stored)
    await all_people.enable(store, specialist.person_id)

    assert (await specialist.approve(waiting)).json()["outcome"] == "merged"


async def test_what_came_after_the_deadline_is_refused(store: Store, tenant: Tenant, specialist: Reviewer) -> None:
    """Also while the run, for whatever reason, has not noticed that its time is up."""
    waiting = await held_back(tenant)
    await execute(store, "UPDATE merges SET deadline = clock_timestamp() WHERE id = :id", id=waiting["id"])

    refused = await specialist.approve(waiting)

    assert refusal(refused) == (409, "decision-late")
    now = await tenant.merge(waiting["id"])
    assert (now["state"], [one["tookEffect"] for one in now["decisions"]]) == ("pending_approval", [False])


async def test_what_came_in_time_counts_though_it_is_carried_out_later(
    store: Store, tenant: Tenant, specialist: Reviewer, gateway: Gateway
) -> None:
    waiting = await held_back(tenant)
    stored = await specialist.store_decision(store, waiting)
    await execute(store, "UPDATE merges SET deadline = clock_timestamp() WHERE id = :id", id=waiting["id"])

    decided = await brought(gateway, store, waiting, stored)

    assert decided == Decided("merged")


async def test_a_decision_is_not_stored_for_who_may_not_make_it(
    store: Store, tenant: Tenant, people: Reviewers, specialist: Reviewer
) -> None:
    """The table is guarded by the store, not by the route above it."""
    waiting = await held_back(tenant)
    service = Reviewer(tenant.http, Token(tenant_token(tenant), OwnerKind.SERVICE, None, {}))
    for reviewer, expected in (
        (service, PersonRequired),
        (await people(Role.ADMIN), RoleMissing),
        (await people(Role.REQUESTER), RoleMissing),
    ):
        with pytest.raises(expected):
            await reviewer.store_decision(store, waiting)
    await execute(store, "UPDATE tokens SET revoked = now() WHERE id = :id", id=specialist.token.id)
    with pytest.raises(RoleMissing):
        await specialist.store_decision(store, waiting)
    other = await people()
    with pytest.raises(DigestUnknown):
        await other.store_decision(store, {**waiting, "plan": {"digest": "0" * 64}})
    await execute(
        store, "UPDATE tokens SET person_id = :person WHERE id = :id", person=other.person_id, id=tenant_token(tenant)
    )
    with pytest.raises(OwnRequest):
        await other.store_decision(store, waiting)
    assert (await tenant.merge(waiting["id"]))["decisions"] == []


async def test_an_unknown_decision_is_refused_and_the_request_waits(
    store: Store, tenant: Tenant, specialist: Reviewer, gateway: Gateway
) -> None:
    waiting = await held_back(tenant)
    invented = DecideInput(str(uuid4()), "approve", waiting["plan"]["digest"])

    with pytest.raises(DecisionRefused) as refused:
        await brought(gateway, store, waiting, invented)

    assert refused.value.code == "decision-not-found"
    assert (await specialist.approve(waiting)).json()["outcome"] == "merged"


def tenant_token(tenant: Tenant) -> str:
    return str(tenant.http.headers["Authorization"]).split("_")[1]
