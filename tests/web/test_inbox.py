"""The inbox without a browser: what it lists for whom, and what its buttons do."""

import re

import httpx
import pytest

from domain.roles import Role
from store import people
from store.engine import Store
from store.tokens import Scope
from tests.scenarios.approvals import A, B, asks, execute, held_back, pending
from tests.stack import Stack
from tests.tenant import MakeTenant, Tenant, client, token_for
from tests.web.reviewing import RISKY, account, signed_in
from tests.web.visitors import fields, form_token, heading, send, visitor
from web import inbox

pytestmark = pytest.mark.slow


def listed(page: httpx.Response) -> list[str]:
    """The merges of a list, in its order."""
    return re.findall(r'<th scope="row" role="rowheader" class="what">\s*<a href="/merges/([0-9a-f-]{36})"', page.text)


def counts(page: httpx.Response) -> dict[str, int]:
    found = re.findall(r'\?tab=(\w+)"[^>]*>[^<]*<span class="count">(\d+)', page.text)
    return {tab: int(count) for tab, count in found}


async def test_an_empty_inbox_says_why(sam: httpx.AsyncClient) -> None:
    page = await sam.get("/inbox")
    assert "No merge waits for a person" in page.text
    assert "You have claimed nothing" in (await sam.get("/inbox?tab=mine")).text
    assert "No person was asked about a merge yet" in (await sam.get("/inbox?tab=decided")).text
    assert "No merge waits for a person" in (await sam.get("/inbox?reason=emails-differ")).text
    assert "No merge waits for a person" in (await sam.get("/inbox?tab=unassigned")).text


async def test_an_inbox_that_a_filter_empties_says_how_many_it_hides(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    await held_back(tenant)
    page = await sam.get("/inbox?reason=emails-differ")
    assert "The filter hides the one that is here" in page.text
    assert '<a href="/inbox?tab=open">Show it without the filter' in page.text
    assert "First steps" not in page.text


async def test_whoever_is_new_is_told_what_to_do_first(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    """On an installation without the demo's data: how a first request gets here."""
    page = await sam.get("/inbox")
    assert "First steps" in page.text
    assert "onefold policy set N --ask always" in page.text
    assert "demo.env" not in page.text
    merge = await held_back(tenant)
    await send(sam, f"/merges/{merge['id']}/reject", values={"reason": "No."})
    after = await sam.get("/inbox")
    assert "No merge waits for a person" in after.text
    assert "First steps" not in after.text


async def test_what_is_due_first_stands_first_with_its_risks(
    store: Store, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    first = await held_back(tenant, **RISKY)
    await tenant.register("muidC|channelC", email="carla@example.org", custom={"Alias Id": "c"})
    second = await pending(tenant, "muidC|channelC")
    await execute(store, "UPDATE merges SET deadline = now() + interval '90 minutes' WHERE id = :id", id=second["id"])
    page = await sam.get("/inbox")
    assert listed(page) == [second["id"], first["id"]]
    assert counts(page) == {"mine": 0, "unassigned": 2, "open": 2, "decided": 0}
    assert "1 h 29 min left" in page.text
    for words in ("e-mails differ", "both are identified", "3 conflicts", "1 device moves", "777374", "tests"):
        assert words in page.text, words
    assert listed(await sam.get("/inbox?reason=both-identified")) == [second["id"]]


async def test_the_filter_is_sent_as_its_form_sends_it(
    make_tenant: MakeTenant, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    """What is not chosen in a form is an empty text there."""
    merge = await held_back(tenant, **RISKY)
    other = await make_tenant()
    form = re.search(r'<form method="get".*?</form>', (await sam.get("/inbox")).text, re.DOTALL)
    assert form and re.findall(r' name="(\w+)"', form[0]) == ["tab", "database", "reason"]
    for database, reason, found in (
        ("", "", 1),
        (tenant.id, "", 1),
        ("", "both-identified", 0),
        ("", "emails-differ", 1),
        (tenant.id, "emails-differ", 1),
        ("", "nonsense", 1),
    ):
        chosen = {"tab": "open", "database": database, "reason": reason}
        page = await sam.get("/inbox", params=chosen)
        assert (page.status_code, listed(page)) == (200, [merge["id"]] * found), chosen
        async with sam.stream("GET", "/inbox/events", params=chosen) as heard:
            assert heard.status_code == 200
    for foreign in (str(other.id), "0", "x", str(2**63)):
        for path in ("/inbox", "/inbox/events"):
            assert (await sam.get(path, params={"database": foreign})).status_code == 404


async def test_claiming_moves_it_to_mine_and_releasing_gives_it_back(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    answer = await send(sam, "/inbox?tab=unassigned", f"/merges/{merge['id']}/claim")
    assert answer.headers["location"] == "/inbox?tab=unassigned"
    page = await sam.get("/inbox?tab=mine")
    assert listed(page) == [merge["id"]]
    assert "Somebody is looking at each merge that waits" in (await sam.get("/inbox?tab=unassigned")).text
    await send(sam, "/inbox?tab=mine", f"/merges/{merge['id']}/release")
    assert counts(await sam.get("/inbox"))["mine"] == 0


async def test_a_claim_leads_back_to_the_filtered_list_and_the_next_one_is_of_it(
    tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    await held_back(tenant, **RISKY)
    await tenant.register("muidC|channelC", email="carla@example.org", custom={"Alias Id": "c"})
    second = await pending(tenant, "muidC|channelC")
    filtered = f"/inbox?tab=open&database={tenant.id}&reason=both-identified"
    claim, release = (f"/merges/{second['id']}/{verb}" for verb in ("claim", "release"))
    assert (await send(sam, filtered, claim)).headers["location"] == filtered
    assert (await send(sam, filtered, release)).headers["location"] == filtered
    assert (await send(sam, filtered, "/inbox/next")).headers["location"] == f"/merges/{second['id']}"


async def test_buttons_stand_where_they_work(
    stack: Stack, store: Store, make_tenant: MakeTenant, tenant: Tenant
) -> None:
    """Not beside a merge of a database where the viewer only looks on, and not beside a request of their own."""
    other = await make_tenant()
    looked_at, decidable = await held_back(tenant), await held_back(other)
    who = await account(store, tenant, Role.AUDITOR)
    person = await people.find(store, who.email)
    await people.give_role(store, person.id, Role.SPECIALIST, other.id)
    token = await token_for(store, [other.id], [Scope.MERGES_REQUEST, Scope.MERGES_READ], person.id)
    await other.register("muidC|channelC", email="carla@example.org")
    async with client(stack.url, token) as service:
        asked = await service.put(
            other.path("muidC|channelC"), json={"identity": {"name": "userId", "value": "777374"}}
        )
    own = asked.json()["mergeId"]
    async with signed_in(stack.url, who) as both:
        page = await both.get("/inbox")
        assert set(listed(page)) == {looked_at["id"], decidable["id"], own}
        assert re.findall('name="chosen:([^"]+)"', page.text) == [decidable["id"]]
        assert re.findall('action="/merges/([^"]+)/claim"', page.text) == [decidable["id"]]
        assert 'form="chosen"' not in (await both.get("/inbox?tab=decided")).text
        assert "/claim" not in (await both.get(f"/merges/{own}")).text


async def test_the_next_one_is_the_most_urgent_that_nobody_has(
    stack: Stack, store: Store, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    merge = await held_back(tenant)
    async with signed_in(stack.url, await account(store, tenant)) as sue:
        answer = await send(sue, "/inbox", "/inbox/next")
        assert answer.headers["location"] == f"/merges/{merge['id']}"
    assert (await send(sam, "/inbox", "/inbox/next")).headers["location"] == "/inbox?tab=unassigned"


@pytest.mark.parametrize("sought", ["albert@example.org", "Bertrand@Example.org", "777374", A, A.split("|")[0], "id"])
async def test_a_search_finds_by_whole_values_and_puts_none_into_a_url(
    tenant: Tenant, sam: httpx.AsyncClient, sought: str
) -> None:
    merge = await held_back(tenant)
    answer = await send(sam, "/inbox", "/inbox/search", {"sought": merge["id"] if sought == "id" else sought})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/merges/{merge['id']}")


async def test_a_search_for_nothing_that_is_there_says_so(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    await held_back(tenant)
    for sought in ("77737", "%", "", "' OR 1=1 --", "<script>alert(1)</script>"):
        answer = await send(sam, "/inbox", "/inbox/search", {"sought": sought})
        assert heading(answer) == "0 merges found"
        assert "<script>alert" not in answer.text


async def test_what_no_database_can_hold_is_refused_as_a_page(sam: httpx.AsyncClient) -> None:
    answer = await send(sam, "/inbox", "/inbox/search", {"sought": "a\x00b"})
    assert answer.status_code == 422
    assert "must not hold the character U+0000" in answer.text


async def test_several_are_rejected_for_one_reason(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    first = await held_back(tenant)
    await tenant.register("muidC|channelC", email="carla@example.org")
    second = await pending(tenant, "muidC|channelC")
    chosen = {f"chosen:{one['id']}": one["plan"]["digest"] for one in (first, second)}
    asked = await send(sam, "/inbox", "/inbox/selected", chosen)
    assert heading(asked) == "Reject 2 merges?"
    form = fields(asked, "/inbox/rejections")
    without = await sam.post("/inbox/rejections", data=form)
    assert (without.status_code, "A rejection needs a reason" in without.text) == (422, True)
    done = await sam.post("/inbox/rejections", data={**form, "reason": "Both are test data."})
    assert heading(done) == "2 of 2 rejected"
    for one in (first, second):
        merge = await tenant.merge(one["id"])
        assert (merge["outcome"], merge["decisions"][0]["reason"]) == ("rejected", "Both are test data.")
    again = await sam.post("/inbox/rejections", data={**form, "reason": "Again."})
    assert heading(again) == "0 of 2 rejected"
    assert len(re.findall(r"not rejected now: Tess Tester rejected it, ", again.text)) == 2
    assert "Again.</textarea>" in again.text
    assert counts(await sam.get("/inbox"))["decided"] == 2


async def test_where_a_part_does_not_answer_the_rest_is_not_tried_and_keeps_its_reason(
    tenant: Tenant, stranded: httpx.AsyncClient
) -> None:
    first = await held_back(tenant)
    await tenant.register("muidC|channelC", email="carla@example.org")
    both = [first, await pending(tenant, "muidC|channelC")]
    asked = await send(
        stranded, "/inbox", "/inbox/selected", {f"chosen:{one['id']}": one["plan"]["digest"] for one in both}
    )
    form = fields(asked, "/inbox/rejections")
    told = await stranded.post("/inbox/rejections", data={**form, "reason": "Both are test data."})
    assert (told.status_code, heading(told)) == (503, "0 of 2 rejected")
    assert "Both are test data.</textarea>" in told.text
    assert fields(told, "/inbox/rejections") == form
    assert sorted([len((await tenant.merge(one["id"]))["decisions"]) for one in both]) == [0, 1]


async def test_what_is_rejected_is_what_the_list_showed(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    merge = await held_back(tenant)
    form = fields(
        await send(sam, "/inbox", "/inbox/selected", {f"chosen:{merge['id']}": "0" * 64}), "/inbox/rejections"
    )
    answer = await sam.post("/inbox/rejections", data={**form, "reason": "Another plan."})
    assert heading(answer) == "0 of 1 rejected"
    changed = await sam.post("/inbox/rejections", data={**form, "which": form["which"] + ",", "reason": "More."})
    assert changed.status_code == 403


async def test_nobody_sees_what_waits_in_a_database_that_they_do_not_reach(
    make_tenant: MakeTenant, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    other = await make_tenant()
    merge = await held_back(other)
    assert listed(await sam.get("/inbox")) == []
    assert heading(await send(sam, "/inbox", "/inbox/search", {"sought": merge["id"]})) == "0 merges found"
    assert (await sam.get(f"/merges/{merge['id']}")).status_code == 404
    assert (await sam.get(f"/merges/{merge['id']}/plan.json")).status_code == 404
    asked = await send(sam, "/inbox", "/inbox/next")
    assert asked.headers["location"] == "/inbox?tab=unassigned"


async def test_rejecting_several_tells_nothing_of_a_database_that_they_do_not_reach(
    make_tenant: MakeTenant, tenant: Tenant, sam: httpx.AsyncClient
) -> None:
    """Whoever is signed in can compute the token of a form that no page shows them."""
    foreign, own = await held_back(await make_tenant()), await held_back(tenant)
    chosen = {f"chosen:{foreign['id']}": "0" * 64, f"chosen:{'-' * 36}": "0" * 64}
    asked = await send(sam, "/inbox", "/inbox/selected", chosen)
    assert heading(asked) == "Nothing was chosen"
    which = ",".join(f"{one['id']}:{one['plan']['digest']}" for one in (foreign, own))
    good = form_token(sam.cookies["onefold_session"], "/inbox/rejections", which)
    answer = await sam.post("/inbox/rejections", data={"form_token": good, "which": which, "reason": "No."})
    assert heading(answer) == "1 of 1 rejected"
    assert "Tess Tester" not in answer.text.partition("<main")[2]
    assert foreign["id"] not in answer.text
    assert "What you wrote is not lost" not in answer.text  # nothing was refused that they were told of


async def test_an_auditor_looks_and_has_no_buttons(stack: Stack, store: Store, tenant: Tenant) -> None:
    merge = await held_back(tenant)
    async with signed_in(stack.url, await account(store, tenant, Role.AUDITOR)) as alex:
        page = await alex.get("/inbox")
        assert listed(page) == [merge["id"]]
        assert not re.search("Claim|Reject", page.text.replace("Claimed by", ""))


async def test_a_policy_that_asks_nobody_leaves_the_inbox_empty(tenant: Tenant, sam: httpx.AsyncClient) -> None:
    await asks(tenant, ask="never")
    await tenant.register(B, custom={"userId": "777374"})
    await tenant.register(A)
    await tenant.established(A, "777374")
    assert counts(await sam.get("/inbox")) == {"mine": 0, "unassigned": 0, "open": 0, "decided": 0}


def test_more_than_are_counted_are_more() -> None:
    assert [inbox._count(counted) for counted in (0, 1000, 1001)] == ["0", "1,000", "1,000+"]


async def test_a_stream_leads_nobody_to_the_sign_in(stack: Stack) -> None:
    """Its page says that it has stopped: a browser's stream would take the sign-in for a broken one, and complain."""
    async with visitor(stack.url) as nobody:
        answer = await nobody.get("/inbox/events", headers={"Accept": "text/event-stream"})
        assert (answer.status_code, answer.headers["cache-control"]) == (401, "no-store")
        assert (await nobody.get("/inbox/events")).status_code == 303
