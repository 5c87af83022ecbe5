"""A Onefold of its own for the pages where people look things up, so that their lists hold nobody else's rows."""

import re
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from html import unescape

import httpx

from domain.roles import Role
from store import people, sessions
from store.engine import Store
from tests.scenarios.approvals import asks, pending, reviewers
from tests.stack import LEDGER_KEYRING, Stack, free_port, new_database
from tests.tenant import Tenant, new_tenant
from tests.web.visitors import COOKIE

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp.exe\u200b" + "W" * 900
"""Markup, a change of direction, an invisible character, and more than a line holds."""

_FORM = re.compile(r'<form method="post" action="([^"]*)".*?name="form_token" value="([0-9a-f]+)"', re.DOTALL)


@dataclass(frozen=True)
class Visitor:
    """A person with a session, in a browser that sends its cookie."""

    http: httpx.AsyncClient
    person_id: int
    email: str
    secret: str

    async def read(self, path: str) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    async def send(self, page: str, action: str, **fields: object) -> httpx.Response:
        """Sends the form that the page has for this action."""
        tokens = dict(_FORM.findall(await self.read(page)))
        return await self.http.post(action, data={"form_token": tokens[action], **fields})


@dataclass(frozen=True)
class Library:
    """Albert was absorbed by Bertrand and Bertrand by Carl, about whom a request is open; Dora is kept apart from him.

    The hostile contact's values attack whoever looks at them. The stranger is in another database.
    """

    store: Store
    url: str
    here: Tenant
    elsewhere: Tenant
    albert: int
    bertrand: int
    carl: int
    dora: int
    hostile: int
    stranger: int
    first_merge: str
    second_merge: str
    open_merge: str
    opened: list[httpx.AsyncClient] = field(default_factory=list)

    async def visitor(self, role: Role | None = None, database_id: int | None = 0) -> Visitor:
        """Somebody new with the role in the database `here`, in another one, or in every one (None)."""
        number = len(await people.list_all(self.store))
        email = f"{role.value if role else 'nobody'}-{number}@people.example"
        person_id = await people.add(self.store, email, f"Vera Visitor {number}")
        if role is not None:
            where = self.here.id if database_id == 0 else database_id
            await people.give_role(self.store, person_id, role, where)
        secret = await sessions.start(self.store, await people.find(self.store, email), "Firefox")
        return Visitor(self.browser({COOKIE: secret}), person_id, email, secret)

    def browser(self, cookies: dict[str, str] | None = None) -> httpx.AsyncClient:
        self.opened.append(httpx.AsyncClient(base_url=self.url, cookies=cookies, timeout=30, trust_env=False))
        return self.opened[-1]


@asynccontextmanager
async def library_on(stack: Stack) -> AsyncIterator[Library]:
    port = free_port()
    env = {
        "DATABASE_URL": new_database(stack, "library"),
        "ONEFOLD_PORT": str(port),
        "ONEFOLD_TASK_QUEUE": "library",
        # None is signed: what the page says of checkpoints is written by the test that reads it.
        **dict.fromkeys(("ONEFOLD_CHECKPOINT_KEY", "ONEFOLD_CHECKPOINT_PLACES"), ""),
    }
    with ExitStack() as held:
        held.enter_context(stack.worker("library-worker", env))
        held.enter_context(stack.api("library", env))
        store = Store.connect(env["DATABASE_URL"], ledger_keys=LEDGER_KEYRING)
        library = await _filled(store, f"http://127.0.0.1:{port}")
        yield library
        # Whoever looks at all runs, as the session does at its end, would find one that its own database does not know.
        answer = await library.here.http.post(f"/v1/merges/{library.open_merge}/withdrawal", json={})
        assert answer.status_code == 200, answer.text
        for client in (*library.opened, library.here.http, library.elsewhere.http):
            await client.aclose()
        await store.close()


async def _filled(store: Store, url: str) -> Library:
    here, elsewhere = await new_tenant(store, url), await new_tenant(store, url, required=("Country",))
    albert = await here.register(
        "ZMjue73FFG|Zujdd9d",
        created="2017-08-01",
        email="albert.b.jerm@gmail.com",
        custom={"Favorite Food": "Pizza", "userId": "777374", "Newsletter": "Yes"},
    )
    bertrand = await here.register(
        "Sksd03jdJKK|H892hH",
        created="2017-08-15",
        email="bertrand.jerm@gmail.com",
        custom={"Favorite Food": "Burger", "Visits": "12"},
    )
    carl = await here.register("4366412345678", created="2018-02-03", leadSource="shop Graz", custom={"Size": "M"})
    dora = await here.register("doraMuid|doraChannel", created="2019-01-01", email="dora@example.org")
    await here.register("eveMuid|eveChannel", created="2019-01-02", email="eve@example.org")
    await here.record(albert, "app-opened")
    first = (await here.established("Sksd03jdJKK|H892hH", "777374"))["mergeId"]
    second = (await here.established("4366412345678", "777374"))["mergeId"]
    await here.send(carl, "Welcome", body="Dear Carl, your order 4711 left.")
    await here.established("Sksd03jdJKK|H892hH", "777374")  # unchanged
    hostile = await here.register("hostile|one", custom={"Favorite Food": HOSTILE})
    await here.send(hostile, HOSTILE[:200], body=HOSTILE)
    await here.record(hostile, HOSTILE[:200])
    stranger = await elsewhere.register("strangeMuid|strangeChannel", email="stranger@example.org")
    await asks(here)
    async with reviewers(store, url, here) as make:
        specialist = await make(Role.SPECIALIST)
        rejected = await pending(here, "doraMuid|doraChannel", "777374")
        await specialist.reject(rejected, notSamePerson=True)
    waiting = await pending(here, "eveMuid|eveChannel", "777374")
    return Library(
        store, url, here, elsewhere, albert, bertrand, carl, dora, hostile, stranger, first, second, waiting["id"]
    )


def text_of(page: str) -> str:
    """What a reader sees of a page, in one line and with plain apostrophes."""
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    return text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
