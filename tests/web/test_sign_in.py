"""Who gets in, for how long, and what a form of another site can do: nothing."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from domain.roles import Role
from onefold.serve import application
from onefold.settings import Settings, read
from store import passwords, people, sessions
from store.engine import Store
from tests.scenarios.approvals import execute
from tests.stack import Stack
from tests.tenant import Tenant, person_token
from tests.web.visitors import OURS, PASSWORD, fields, form_token, heading, send, sign_in, visitor

pytestmark = pytest.mark.slow


@pytest.fixture
async def email(store: Store, tenant: Tenant) -> str:
    """Of a specialist with a password."""
    address = f"{uuid4().hex}@people.example"
    await person_token(store, [tenant.id], Role.SPECIALIST, address)
    await passwords.set_password(store, address, PASSWORD)
    return address


@pytest.fixture
async def browser(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with visitor(stack.url) as made:
        yield made


@pytest.fixture
async def signed_in(browser: httpx.AsyncClient, email: str) -> httpx.AsyncClient:
    assert (await sign_in(browser, email)).status_code == 303
    return browser


def cookie(answer: httpx.Response) -> str:
    return answer.headers["set-cookie"]


async def is_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/sessions")).status_code == 200


async def test_a_page_for_people_leads_to_the_sign_in_and_back(browser: httpx.AsyncClient, email: str) -> None:
    answer = await browser.get("/sessions?a=b%26c")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/sessions%3Fa%3Db%2526c")
    page = await browser.get(answer.headers["location"])
    back = fields(page, "/login")["next"]
    answer = await sign_in(browser, email.upper(), back=back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions?a=b%26c")
    assert await is_in(browser)


def timeless(page: httpx.Response) -> str:
    """Without the moment that its foot tells."""
    return re.sub(r"<time .*?</time>", "", page.text)


async def test_a_wrong_password_an_unknown_address_and_a_disabled_person_answer_the_same(
    store: Store, browser: httpx.AsyncClient, email: str
) -> None:
    wrong = await sign_in(browser, email, "another password")
    unknown = await sign_in(browser, "nobody@people.example")
    await people.disable(store, (await people.find(store, email)).id)
    disabled = await sign_in(browser, email)
    texts = {
        re.sub(r'value="[^"]*@people.example"', "", timeless(answer))
        for answer in (wrong, unknown, disabled)
        if answer.status_code == 401
    }
    assert len(texts) == 1
    assert "Nobody signs in with this address and password." in texts.pop()
    assert "set-cookie" not in disabled.headers


async def test_five_wrong_passwords_make_a_pause_that_the_right_one_does_not_end(
    store: Store, browser: httpx.AsyncClient, email: str
) -> None:
    answers = [(await sign_in(browser, email, f"wrong password {n}")).status_code for n in range(5)]
    assert answers == [401] * 5
    blocked = await sign_in(browser, email)
    assert blocked.status_code == 429
    assert "Try again in a minute" in blocked.text
    unknown = [timeless(await sign_in(browser, "nobody-at-all@people.example")) for _ in range(6)][-1]
    assert unknown == timeless(blocked).replace(email, "nobody-at-all@people.example")
    await execute(store, "UPDATE sign_in_failures SET blocked_until = now()")
    assert (await sign_in(browser, email)).status_code == 303


async def test_what_a_password_is_typed_into_never_comes_back(browser: httpx.AsyncClient, email: str) -> None:
    answer = await sign_in(browser, email, "a secret that was mistyped")
    assert email in answer.text
    assert "mistyped" not in answer.text


async def test_a_session_from_before_the_sign_in_is_void(
    stack: Stack, signed_in: httpx.AsyncClient, email: str
) -> None:
    async with visitor(stack.url) as older:
        older.cookies.set("onefold_session", signed_in.cookies["onefold_session"])
        assert await is_in(older)
        assert (await sign_in(signed_in, email)).status_code == 303
        assert not await is_in(older)
    assert await is_in(signed_in)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sessions SET last_seen = now() - interval '31 minutes' WHERE token_id = :token_id",
        "UPDATE tokens SET expires = now() WHERE id = :token_id",
        "UPDATE tokens SET revoked = now() WHERE id = :token_id",
    ],
    ids=["idle", "absolute", "revoked"],
)
async def test_a_session_has_its_limits(store: Store, signed_in: httpx.AsyncClient, statement: str) -> None:
    assert await is_in(signed_in)
    await execute(store, statement, token_id=signed_in.cookies["onefold_session"].split("_")[1])
    assert not await is_in(signed_in)


async def test_using_a_session_keeps_it_within_twelve_hours(store: Store, signed_in: httpx.AsyncClient) -> None:
    token_id = signed_in.cookies["onefold_session"].split("_")[1]
    nearly = "UPDATE sessions SET last_seen = now() - interval '29 minutes' WHERE token_id = :token_id"
    for _ in range(2):
        await execute(store, nearly, token_id=token_id)
        assert await is_in(signed_in)
    session = await sessions.read(store, token_id)
    assert session.expires - session.authenticated <= sessions.LONGEST


async def test_signing_out_ends_the_session_and_takes_the_cookie(stack: Stack, signed_in: httpx.AsyncClient) -> None:
    secret = signed_in.cookies["onefold_session"]
    answer = await send(signed_in, "/sessions", "/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "onefold_session" not in signed_in.cookies
    async with visitor(stack.url) as thief:
        thief.cookies.set("onefold_session", secret)
        assert not await is_in(thief)


async def test_sessions_are_listed_and_another_one_is_ended(
    stack: Stack, signed_in: httpx.AsyncClient, email: str
) -> None:
    async with visitor(stack.url, **{"User-Agent": "A phone <b>"}) as phone:
        await sign_in(phone, email)
        shown = await signed_in.get("/sessions")
        assert "A phone &lt;b&gt;" in shown.text
        assert shown.text.count("<button>End it<") == 1
        assert (await send(signed_in, "/sessions")).status_code == 303
        assert not await is_in(phone)
    assert await is_in(signed_in)


async def test_nobody_ends_the_session_of_another(stack: Stack, store: Store, signed_in: httpx.AsyncClient) -> None:
    other = f"{uuid4().hex}@people.example"
    await people.add(store, other, "Another")
    await passwords.set_password(store, other, PASSWORD)
    async with visitor(stack.url) as another:
        await sign_in(another, other)
        theirs = another.cookies["onefold_session"].split("_")[1]
        good = form_token(signed_in.cookies["onefold_session"], "/sessions")
        answer = await signed_in.post("/sessions", data={"session": theirs, "form_token": good})
        assert answer.status_code == 303
        assert await is_in(another)


async def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(
    stack: Stack, browser: httpx.AsyncClient, email: str
) -> None:
    plain = cookie(await sign_in(browser, email))
    assert plain.startswith("onefold_session=of_")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=43200"} <= set(plain.split("; "))
    assert "Secure" not in plain
    assert "Domain" not in plain
    async with visitor(stack.url, **{"X-Forwarded-Proto": "https"}) as behind_tls:
        secure = cookie(await sign_in(behind_tls, email))
    assert secure.startswith("__Host-onefold_session=of_")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(secure.split("; "))
    assert "Domain" not in secure


@pytest.mark.parametrize("public_url", ["https://onefold.example", "http://onefold.example"])
async def test_behind_a_proxy_that_says_nothing_of_tls_the_public_url_decides(
    stack: Stack, email: str, monkeypatch: pytest.MonkeyPatch, public_url: str
) -> None:
    for name, value in {**stack.env, "ONEFOLD_PUBLIC_URL": public_url}.items():
        monkeypatch.setenv(name, value)
    app = application(read(Settings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers=OURS) as browser,
    ):
        answer = await sign_in(browser, email)
        page = await browser.get("/login")
    over_tls = public_url.startswith("https:")
    assert cookie(answer).startswith("__Host-" if over_tls else "onefold_session=")
    assert ("Secure" in cookie(answer).split("; ")) is over_tls
    assert page.headers.get("strict-transport-security") == ("max-age=31536000" if over_tls else None)


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "inbox"],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(browser: httpx.AsyncClient, email: str, target: str) -> None:
    page = await browser.get("/login", params={"next": target})
    assert fields(page, "/login")["next"] == "/inbox"
    assert (await sign_in(browser, email, back=target)).headers["location"] == "/inbox"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "", "Origin": "null"},
    ],
)
async def test_a_form_of_another_site_does_nothing(
    stack: Stack, signed_in: httpx.AsyncClient, email: str, headers: dict[str, str]
) -> None:
    sent = {name: value for name, value in headers.items() if value}
    good = fields(await signed_in.get("/sessions"), "/logout")
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False, cookies=signed_in.cookies) as foreign:
        for path, data in (("/logout", good), ("/login", {"email": email, "password": PASSWORD})):
            answer = await foreign.post(path, data=data, headers=sent)
            assert answer.status_code == 403, path
            assert heading(answer) == "The form was sent from another site. Nothing was done."
            assert "set-cookie" not in answer.headers
    assert await is_in(signed_in)


async def test_an_old_browser_that_names_its_origin_alone_is_understood(stack: Stack, email: str) -> None:
    async with httpx.AsyncClient(base_url=stack.url, trust_env=False, headers={"Origin": stack.url}) as old:
        assert (await sign_in(old, email)).status_code == 303


async def test_a_form_token_of_another_session_or_path_is_refused(
    stack: Stack, signed_in: httpx.AsyncClient, email: str
) -> None:
    async with visitor(stack.url) as another:
        await sign_in(another, email)
        theirs = fields(await another.get("/sessions"), "/logout")
    shown = await signed_in.get("/sessions")
    for path, data in (
        ("/logout", theirs),
        ("/sessions", fields(shown, "/logout")),
        ("/logout", {}),
        ("/logout", {"form_token": "é"}),
    ):
        answer = await signed_in.post(path, data=data)
        assert answer.status_code == 403, path
        assert heading(answer).startswith("The form belongs to another session")
    assert await is_in(signed_in)


async def test_a_form_that_is_too_large_or_does_not_say_how_large_is_not_read(browser: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"email=a"

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await browser.post("/login", content=b"a" * 140_000, headers=kind)).status_code == 413
    assert (await browser.post("/login", content=endless(), headers=kind)).status_code == 413


async def test_a_personal_token_in_the_cookie_is_no_session(
    store: Store, tenant: Tenant, browser: httpx.AsyncClient
) -> None:
    browser.cookies.set("onefold_session", await person_token(store, [tenant.id], Role.SPECIALIST))
    assert not await is_in(browser)


async def test_what_a_cookie_holds_is_no_bearer_token(
    store: Store, tenant: Tenant, signed_in: httpx.AsyncClient, email: str
) -> None:
    """It would read past the masks, and decide without showing again who decides."""
    contact_id = await tenant.register("muidA|channelA", email="albert@example.org")
    own = await person_token(store, [tenant.id], Role.SPECIALIST)
    for path in ("/v1/merges", f"/v1/databases/{tenant.id}", f"/databases/{tenant.id}/contacts/{contact_id}"):
        answers = [
            (await signed_in.get(path, headers={"Authorization": f"Bearer {bearer}"})).status_code
            for bearer in (own, signed_in.cookies["onefold_session"])
        ]
        assert answers == [200, 401], path


async def test_the_demos_accounts_stand_on_no_other_sign_in_page(browser: httpx.AsyncClient) -> None:
    assert "onefold.example" not in (await browser.get("/login")).text


async def test_a_page_that_is_everybodys_knows_who_is_signed_in(signed_in: httpx.AsyncClient) -> None:
    for path in ("/", "/docs", "/problems", "/problems/form-stale", "/nowhere"):
        page = await signed_in.get(path, headers={"Accept": "text/html"})
        assert "Sign out" in page.text, path
        assert page.headers["cache-control"] == "no-store"


async def test_who_is_signed_in_already_is_told_why_they_are_asked_again(signed_in: httpx.AsyncClient) -> None:
    plain = await signed_in.get("/login")
    assert "You are signed in as" in plain.text
    assert "Approving a merge" not in plain.text
    assert "Approving a merge" in (await signed_in.get("/login?next=/merges/1/approve")).text
