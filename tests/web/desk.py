"""The pages of a world that a test may break: whoever sits down there, and what they read."""

from dataclasses import dataclass
from uuid import uuid4

import httpx

from domain.roles import Role
from store import people, sessions
from tests.store.scratch import Scratch
from tests.web.visitors import COOKIE, words


@dataclass(frozen=True)
class Desk:
    scratch: Scratch
    http: httpx.AsyncClient

    async def sit(self, role: Role, database_id: int | None = None) -> int:
        """Somebody new with this role (in every database unless one is named) sits down; returns their id."""
        email = f"{uuid4().hex[:12]}@people.example"
        person_id = await people.add(self.scratch.store, email, f"Vera {role.value.capitalize()}")
        await people.give_role(self.scratch.store, person_id, role, database_id)
        person = await people.find(self.scratch.store, email)
        self.http.cookies.set(COOKIE, await sessions.start(self.scratch.store, person, "Firefox"))
        return person_id

    async def page(self, path: str) -> httpx.Response:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer

    async def read(self, path: str) -> str:
        """What a person reads there."""
        return words(await self.page(path))
