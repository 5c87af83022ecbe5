import pytest
from temporalio.client import Client

from tests.runs import connect
from tests.stack import Stack


@pytest.fixture(scope="session")
async def temporal(stack: Stack) -> Client:
    return await connect(stack)
