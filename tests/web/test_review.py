"""The page of one merge without a browser: in every state, and for everybody."""

import asyncio
import re
from uuid import uuid4

import httpx
import pytest

from domain.roles import Role
from store import people
from store.engine import Store
from store.people import Person
from store.tokens import Scope
from tests.scenarios.approvals import VALUE, A, held_back, when_done
from tests.stack import Stack
from tests.tenant import Tenant, client, token_for
from tests.web.reviewing import Account, account, signed_in
from tests.web.visitors import fields, heading, send, shown, words

pytestmark = pytest.mark.slow


async def test_the_plan_is_shown_with_conflicts_first_and_what_is_lost(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    page = await sam.get(f"/merges/{merge['id']}")
    plan = merge["plan"]
    assert heading(page) == f"Merge contact {plan['absorbed']} into contact {plan['survivor']}?"
    text = words(page)
    assert text.index("Conflicts: one value is lost") < text.index("Identities") < text.index("Times of the rows")
    assert re.search(r"email albert@example.org bertrand@example.org lost albert@example.org oldest", text)
    assert re.search(r"Favorite Food Pizza lost Burger Burger newest", text)
    assert re.search("This can.t be undone", text)
    assert f"Its id leads to contact {plan['survivor']} for ever" in text
    assert '<a href="/rules#newest">' in page.text
    for side in ("older", "newer"):
        assert f'<a href="/contacts/{plan[side]}">' in page.text
    assert "Nothing is in the way" in text
    assert plan["digest"] in text
    assert "muidB|channelB" in text


async def test_the_plan_is_downloaded_as_json(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    answer = await sam.get(f"/merges/{merge['id']}/plan.json")
    assert answer.headers["content-disposition"] == f'attachment; filename="merge-{merge["id"]}.json"'
    assert answer.json()["plan"] == merge["plan"]


async def test_the_requester_sees_why_they_cant_decide(
    stack: Stack, store: Store, tenant: Tenant, who: Account, sam: httpx.AsyncClient
) -> None:
    await held_back(tenant)
    person: Person = await people.find(store, who.email)
    token = await token_for(store, [tenant.id], [Scope.MERGES_REQUEST, Scope.MERGES_READ], person.id)
    await tenant.register("muidC|channelC", email="carla@example.org")
    async with client(stack.url, token) as service:
        asked = await service.put(tenant.path("muidC|channelC"), json={"identity": {"name": "userId", "value": VALUE}})
    merge_id = asked.json()["mergeId"]
    assert "nobody decides on a request of their own" in await shown(sam, merge_id)
    for kind in ("approve", "reject"):
        answer = await sam.get(f"/merges/{merge_id}/{kind}")
        assert (answer.status_code, heading(answer)) == (403, "You can\u2019t decide on this")
    assert "/approve" not in (await sam.get(f"/merges/{merge_id}")).text


async def test_a_role_without_the_right_sees_why(stack: Stack, store: Store, tenant: Tenant) -> None:
    merge = await held_back(tenant)
    for role in (Role.AUDITOR, Role.REQUESTER, Role.ADMIN):
        async with signed_in(stack.url, await account(store, tenant, role)) as one:
            assert "That takes the role of a specialist" in await shown(one, merge["id"])
            assert (await one.get(f"/merges/{merge['id']}/approve")).status_code == 403


async def test_comments_are_kept_and_shown_as_they_are(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    page = f"/merges/{merge['id']}"
    text = "Asked the shop.\r\n<b>They</b> say yes\u202e."
    assert (await send(sam, page, f"{page}/comments", {"text": text})).status_code == 303
    told = (await sam.get(page)).text
    assert "&lt;b&gt;They&lt;/b&gt; say yes&lt;U+202E&gt;." in told
    assert (await send(sam, page, f"{page}/comments", {"text": "x" * 4001})).status_code == 422
    assert [one["text"] for one in (await tenant.merge(merge["id"]))["comments"]] == [text.replace("\r", "")]


async def test_a_comment_that_is_sent_twice_is_said_once(
    tenant: Tenant, sam: httpx.AsyncClient, sue: httpx.AsyncClient
) -> None:
    """As a double click does; what somebody else says, or what is said again later, is another comment."""
    merge = await held_back(tenant)
    page, action = f"/merges/{merge['id']}", f"/merges/{merge['id']}/comments"
    form = {**fields(await sam.get(page), action), "text": "Yes."}
    await asyncio.gather(*(sam.post(action, data=form) for _ in range(3)))
    await sam.post(action, data=form)
    await send(sue, page, action, {"text": "Yes."})
    await sam.post(action, data=form)
    assert [one["text"] for one in (await tenant.merge(merge["id"]))["comments"]] == ["Yes."] * 3


async def test_who_comes_second_is_told_whose_claim_it_is(
    tenant: Tenant, sam: httpx.AsyncClient, sue: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    page, action = f"/merges/{merge['id']}", f"/merges/{merge['id']}/claim"
    form = fields(await sue.get(page), action)
    await send(sam, page, action)
    late = await sue.post(action, data=form)
    assert late.status_code == 409
    assert "Tess Tester was quicker: the claim is theirs." in words(late)


async def test_every_end_has_its_page(store: Store, tenant: Tenant, sam: httpx.AsyncClient) -> None:
    lost = await tenant.establish("nobody|nowhere", VALUE)
    text = await shown(sam, lost.json()["mergeId"])
    assert "No contact was found to give a userId" in text
    assert "and no contact has this device" in text
    await tenant.register(A, custom={"userId": VALUE})
    same = await tenant.established(A, VALUE)
    text = await shown(sam, same["mergeId"])
    assert "No person was asked" in text
    assert "Nothing was changed" in text
    again = await tenant.established(A, "another1")
    assert "Reassigned" in await shown(sam, again["mergeId"])


async def test_a_withdrawn_merge_says_by_whom(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    await tenant.http.post(f"/v1/merges/{merge['id']}/withdrawal", json={"reason": "Asked by mistake."})
    assert "Withdrawn by tests" in await shown(sam, merge["id"])


async def test_an_expired_merge_says_that_nobody_decided(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant, deadlineSeconds=1)
    await when_done(tenant, merge["id"])
    assert "Nobody decided until its deadline" in await shown(sam, merge["id"])


async def test_a_merge_that_does_not_exist_is_no_page(sam: httpx.AsyncClient) -> None:
    for path in (f"/merges/{uuid4()}", "/merges/no-uuid", f"/merges/{uuid4()}/approve"):
        assert (await sam.get(path)).status_code == 404, path
