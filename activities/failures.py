"""What an activity's failure says in history: a code, never a value."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from domain.errors import Refusal, ServiceUnavailable

# Below start_to_close: an attempt has ended before the next one begins.
_LONGEST = timedelta(seconds=9)


@asynccontextmanager
async def coded_failures() -> AsyncIterator[None]:
    """Turns refusals into non-retryable failures of that code, and anything else into its class name, to be retried.

    The cause is cut off: a driver's message quotes values, and the SDK logs what an activity raises.
    """
    try:
        async with asyncio.timeout(_LONGEST.total_seconds()):
            yield
    except ServiceUnavailable as error:
        raise ApplicationError(error.code, type=error.code) from None
    except Refusal as refusal:
        raise ApplicationError(refusal.code, type=refusal.code, non_retryable=True) from None
    except Exception as error:
        raise ApplicationError(type(error).__name__, type=type(error).__name__) from None
