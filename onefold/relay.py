"""The relay: sends what the outbox holds, at least once. Several may run, in as many processes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from onefold.loops import again_and_again
from onefold.notices.email import Email
from onefold.notices.notice import Channel, NotAccepted, Notice, RecipientGone
from onefold.notices.smtp_server import SmtpServer, parse_sender
from onefold.notices.webhook import Webhook
from onefold.settings import Settings
from store import outbox
from store.engine import Store
from store.outbox import EMAIL, LEASE, PURGED_AT_ONCE, WEBHOOK, WORKFLOW, Due

log = structlog.get_logger()

Sender = Callable[[Due], Awaitable[None]]

_AT_ONCE = 5
_POLL = timedelta(seconds=1)
_BETWEEN_PURGES = timedelta(hours=1)
_LONGEST = LEASE / 2  # what takes longer has failed, while nobody else may have it yet


@dataclass(frozen=True)
class Relay:
    """`senders`: what sends a row of each channel. Those of other channels are left to a process that has a way."""

    store: Store
    senders: Mapping[str, Sender]

    async def run(self) -> None:
        """Until it is cancelled. Each channel by itself: a slow mail server keeps no workflow waiting."""
        async with asyncio.TaskGroup() as group:
            for channel in self.senders:
                group.create_task(again_and_again(channel, partial(self.deliver, channel), _AT_ONCE, _POLL))
            purge = partial(outbox.purge, self.store)
            group.create_task(again_and_again("purge", purge, PURGED_AT_ONCE, _BETWEEN_PURGES))

    async def deliver(self, channel: str) -> int:
        """Tries once each of the oldest rows that are due; returns how many there were."""
        leased = await outbox.lease(self.store, channel, _AT_ONCE)
        # All of them to their end, before anything that went wrong with the database is told.
        ends = await asyncio.gather(*(self._attempt(due) for due in leased), return_exceptions=True)
        for error in filter(None, ends):
            raise error
        return len(leased)

    async def _attempt(self, due: Due) -> None:
        told = log.bind(id=str(due.id), kind=due.kind, channel=due.channel, attempt=due.attempts)
        if due.is_moot:
            await outbox.give_up(self.store, due.id)
            told.info("outbox.moot")
            return
        try:
            async with asyncio.timeout(_LONGEST.total_seconds()):
                await self.senders[due.channel](due)
        except RecipientGone as gone:
            await outbox.give_up(self.store, due.id)
            told.warning("outbox.given_up", error=type(gone).__name__, code=gone.code)
        except Exception as error:
            is_over = await outbox.count_failure(self.store, due.id)
            code = error.code if isinstance(error, NotAccepted) else None
            told.warning("outbox.given_up" if is_over else "outbox.failed", error=type(error).__name__, code=code)
        else:
            await outbox.mark_sent(self.store, due.id)
            told.info("outbox.sent")


def create_relay(store: Store, settings: Settings, plan_anew: Callable[[str, str], Awaitable[None]]) -> Relay:
    """`plan_anew` tells an open run, by its workflow's id and its own, to plan anew."""
    senders: dict[str, Sender] = {WORKFLOW: lambda due: plan_anew(due.workflow_id, due.run_id)}
    if settings.smtp_url and settings.smtp_from:
        server = SmtpServer.parse(settings.smtp_url.get_secret_value())
        senders[EMAIL] = _notices_by(Email(server, parse_sender(settings.smtp_from)), settings.pages_url)
    if settings.webhook_url and settings.webhook_secret:
        webhook = Webhook(settings.webhook_url.get_secret_value(), settings.webhook_secret.get_secret_value())
        senders[WEBHOOK] = _notices_by(webhook, settings.pages_url)
    return Relay(store, senders)


def _notices_by(channel: Channel, pages_url: str) -> Sender:
    async def send(due: Due) -> None:
        await channel.send(_notice(due, pages_url), due.recipient)

    return send


def _notice(due: Due, pages_url: str) -> Notice:
    return Notice(
        id=due.id,
        kind=due.kind,
        at=due.created,
        merge_id=due.merge_id,
        database_id=due.database_id,
        deadline=due.deadline,
        reasons=due.reasons,
        link=f"{pages_url}/merges/{due.merge_id}",
    )
