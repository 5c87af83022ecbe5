"""The commands of people who decide, as they run them: with a URL and a token in the environment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from tests.onefold.cli import Ended
from tests.tenant import Tenant

Person: TypeAlias = Callable[..., Awaitable[Ended]]


def bearer(tenant: Tenant) -> str:
    """The token that the tenant's requests are made with."""
    return str(tenant.http.headers["authorization"]).removeprefix("Bearer ")


def as_person(run: Callable[..., Ended], token: str) -> Person:
    """Runs commands with this personal token, beside the event loop that the test goes on with."""

    async def command(*arguments: object) -> Ended:
        ended = await asyncio.to_thread(run, *arguments)
        assert token not in ended.out + ended.err, "a token is never printed"
        return ended

    return command
