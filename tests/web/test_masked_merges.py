"""Every page of a merge, as each role sees it: nobody but a specialist finds a value, until a reveal is on record."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import text

from domain.roles import Role
from store import lookup_keys, people
from store.engine import Store
from tests.scenarios.approvals import VALUE, held_back, pending
from tests.stack import Stack
from tests.tenant import MakeTenant, Tenant
from tests.web.reviewing import Account, account, signed_in
from tests.web.visitors import fields, form_token, send, words
from web.masking import MASK

pytestmark = pytest.mark.slow

VALUES = (
    "albert@example.org",
    "bertrand@example.org",
    VALUE,
    "muidA",
    "channelA",
    "muidB",
    "channelB",
    "Pizza",
    "Burger",
    "Salad",
)
OTHERS = [Role.AUDITOR, Role.ADMIN, Role.REQUESTER]
Look = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Waiting:
    """A merge that waits, of whose plan there are two revisions, and another of the same identity."""

    tenant: Tenant
    id: str


@pytest.fixture
async def waiting(tenant: Tenant, sam: httpx.AsyncClient) -> Waiting:
    merge = await held_back(tenant)
    path = f"/merges/{merge['id']}/approve"
    form = fields(await sam.get(path), path)
    await tenant.patch_contact(merge["plan"]["survivor"], custom={"Favorite Food": "Salad"})
    stale = await sam.post(path, data={**form, "typed": VALUE[-4:]})
    assert stale.status_code == 412
    assert "Salad" in stale.text
    await tenant.register("muidC|channelC", email="carla@example.org")
    await pending(tenant, "muidC|channelC")
    return Waiting(tenant, merge["id"])


async def found(browser: httpx.AsyncClient, merge_id: str) -> httpx.Response:
    """Two merges have this identity: one alone would be a redirect."""
    answer = await send(browser, "/inbox", "/inbox/search", {"sought": VALUE})
    return httpx.Response(answer.status_code, text=answer.text.replace(f'value="{VALUE}"', ""))


async def chosen(browser: httpx.AsyncClient, merge_id: str) -> httpx.Response:
    """Sent by whoever likes to: the list shows its form to specialists alone."""
    sent = {"form_token": form_token(browser.cookies["onefold_session"], "/inbox/selected")}
    return await browser.post("/inbox/selected", data={**sent, f"chosen:{merge_id}": "0" * 64})


def at(path: str) -> Look:
    return lambda browser, merge_id: browser.get(path.format(merge_id))


def heard(path: str) -> Look:
    """The first that a stream tells; what follows is told in the same way."""

    async def look(browser: httpx.AsyncClient, merge_id: str) -> httpx.Response:
        async with browser.stream("GET", path.format(merge_id)) as stream:
            told = [line async for line in until_told(stream)]
        return httpx.Response(stream.status_code, text="\n".join(told))

    return look


async def until_told(stream: httpx.Response) -> AsyncIterator[str]:
    async for line in stream.aiter_lines():
        yield line
        if line.startswith("data: "):
            return


# What a specialist finds there, and nobody else; 403: nobody else gets as far.
PAGES: Mapping[str, tuple[Look, set[str], int]] = {
    "inbox": (at("/inbox"), {"albert@example.org", "bertrand@example.org", VALUE}, 200),
    "inbox search": (found, {"albert@example.org", VALUE}, 200),
    "chosen": (chosen, {"albert@example.org", VALUE}, 200),
    "inbox events": (heard("/inbox/events"), set(), 200),
    "merge events": (heard("/merges/{}/events"), set(), 200),
    "review": (at("/merges/{}"), set(VALUES), 200),
    "plan.json": (at("/merges/{}/plan.json"), set(VALUES), 200),
    "merges": (at("/merges"), {VALUE, "muidA", "channelA"}, 200),
    "approve": (at("/merges/{}/approve"), {"albert@example.org", VALUE, "Pizza"}, 403),
    "reject": (at("/merges/{}/reject"), set(), 403),
}


@pytest.mark.parametrize("name", PAGES)
async def test_values_are_a_specialists_and_nobody_elses(
    stack: Stack, store: Store, waiting: Waiting, sam: httpx.AsyncClient, name: str
) -> None:
    look, values, status = PAGES[name]
    shown = await look(sam, waiting.id)
    assert (shown.status_code, held(shown) & values) == (200, values)
    for role in OTHERS:
        async with signed_in(stack.url, await account(store, waiting.tenant, role)) as other:
            shown = await look(other, waiting.id)
            assert (shown.status_code, held(shown)) == (status, set()), role


async def test_a_specialist_of_another_database_sees_what_the_role_there_does_not_give(
    stack: Stack, store: Store, make_tenant: MakeTenant, waiting: Waiting
) -> None:
    """A role counts where it was given."""
    who = await account(store, waiting.tenant, Role.AUDITOR)
    elsewhere = await make_tenant()
    own = await held_back(elsewhere)
    await people.give_role(store, (await people.find(store, who.email)).id, Role.SPECIALIST, elsewhere.id)
    async with signed_in(stack.url, who) as both:
        assert held(await both.get(f"/merges/{own['id']}")) >= {"albert@example.org", VALUE}
        assert held(await both.get(f"/merges/{waiting.id}")) == set()
        assert held(await both.get(f"/inbox?database={waiting.tenant.id}")) == set()


async def test_of_a_number_that_is_an_identity_a_list_tells_no_digit(
    stack: Stack, store: Store, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    await lookup_keys.put(store, tenant.id, "Visits")
    await tenant.register("muidN|channelN")
    await tenant.established("muidN|channelN", "7", name="Visits")
    assert "Visits 7" in words(await sam.get("/merges"))
    async with signed_in(stack.url, await account(store, tenant, Role.AUDITOR)) as alex:
        assert f"Visits {MASK}" in words(await alex.get("/merges"))


async def test_what_happened_to_a_merge_tells_no_value_either(
    stack: Stack, store: Store, waiting: Waiting, sam: httpx.AsyncClient
) -> None:
    page = f"/merges/{waiting.id}/approve"
    assert (await send(sam, page, values={"typed": VALUE[-4:]})).status_code == 303
    for path in (f"/merges/{waiting.id}", "/inbox?tab=decided"):
        assert VALUE in (await sam.get(path)).text
        for role in OTHERS:
            async with signed_in(stack.url, await account(store, waiting.tenant, role)) as other:
                assert held(await other.get(path)) == set(), (path, role)


async def test_a_reveal_shows_this_merge_on_its_own_page_and_is_on_record(
    stack: Stack, store: Store, waiting: Waiting
) -> None:
    who = await account(store, waiting.tenant, Role.AUDITOR)
    page = f"/merges/{waiting.id}"
    async with signed_in(stack.url, who) as alex:
        before = await alex.get(page)
        assert "A reveal shows the values of this one merge to you" in before.text
        assert (await alex.get(f"{page}/plan.json")).json()["masked"] is True
        answer = await send(alex, page, f"{page}/reveal")
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        after = await alex.get(page)
        assert held(after) == set(VALUES)
        assert "The reveal is on record with your name." in after.text
        file = await alex.get(f"{page}/plan.json")
        assert (file.json()["plan"], "masked" in file.json()) == (
            (await waiting.tenant.merge(waiting.id))["plan"],
            False,
        )
        assert held(await alex.get("/inbox")) == set()
    assert await subjects(store, who) == [f"merge {waiting.id}"]


def held(page: httpx.Response) -> set[str]:
    return {value for value in VALUES if value in page.text}


async def subjects(store: Store, who: Account) -> list[str]:
    asked = text("SELECT subject FROM reveals JOIN people ON people.id = person_id WHERE email = :email")
    async with store.statements() as connection:
        return list((await connection.execute(asked, {"email": who.email})).scalars())
