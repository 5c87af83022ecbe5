"""What `onefold up` says of the request that it prints is true, also when it is started again."""

import asyncio
import json
import shlex
import subprocess

from onefold.first_request import FirstRequest
from tests.onefold.reviewing import bearer
from tests.scenarios.approvals import asks
from tests.stack import Stack, free_port
from tests.tenant import Tenant

DEVICE = "Sksd03jdJKK|H892hH"
WAITS = "A first request. It waits for you on the page that its answer names:"


async def test_the_first_request_waits_until_it_has_been_merged(stack: Stack, tenant: Tenant) -> None:
    await tenant.create(custom={"userId": "777374"})
    await tenant.register(DEVICE)
    first = FirstRequest(stack.url, bearer(tenant), tenant.id)
    assert await asyncio.to_thread(first.heading) == "A request:", "the policy asks nobody"
    await asks(tenant)
    assert await asyncio.to_thread(first.heading) == WAITS
    await tenant.put_policy({"approval": {"ask": "never"}})
    sent = await asyncio.to_thread(subprocess.check_output, shlex.split(first.curl()), timeout=60)
    assert json.loads(sent)["outcome"] == "merged"
    await asks(tenant)
    told = await asyncio.to_thread(first.heading)
    assert told == "The first request has been merged. Sent again, it changes nothing:"


def test_where_nothing_is_known_of_it_nothing_is_said_of_it() -> None:
    assert FirstRequest(f"http://127.0.0.1:{free_port()}", "of_token").heading() == "A request:"
