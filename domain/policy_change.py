"""What an admin wants of a policy, and the policy that comes of it."""

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from domain.approval import ApprovalPolicy, Ask
from domain.errors import PolicyInvalid
from domain.identity import VALUE_LENGTH
from domain.plan import CHANGING
from domain.policy import SurvivorRule
from domain.text import flaw

MOST_DEVICES = 1_000_000
MOST_DAYS = 3650
LONGEST_DEADLINE = timedelta(days=90)
MOST_BLOCKED = 1000
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True)
class PolicyChange:
    """A change as a caller gives it. `approval` holds fields of ApprovalPolicy by name: those that are absent stay.

    `block` and `unblock` are values to put on the list of blocked ones, and to take off it.
    """

    survivor: SurvivorRule | None = None
    approval: Mapping[str, Any] = field(default_factory=dict)
    block: Collection[str] = ()
    unblock: Collection[str] = ()


def changed(before: ApprovalPolicy, wanted: PolicyChange) -> ApprovalPolicy:
    """Who is asked after the change. Raises PolicyInvalid where that can't be."""
    after = replace(before, **wanted.approval)
    after = replace(after, blocked_values=_blocked(after.blocked_values, wanted))
    for fault in _faults(after):
        raise PolicyInvalid(fault)
    return after


def _blocked(listed: Collection[str], wanted: PolicyChange) -> tuple[str, ...]:
    """One spelling of each value, in an order that says nothing: the same values are the same policy."""
    values = [unicodedata.normalize("NFC", value) for value in (*listed, *wanted.block)]
    blocked = {value.casefold(): value for value in reversed(values)}
    for value in wanted.unblock:
        if blocked.pop(unicodedata.normalize("NFC", value).casefold(), None) is None:
            raise PolicyInvalid("blockedValues: a value to unblock is not on the list. Zeros are blocked without it.")
    return tuple(sorted(blocked.values()))


def _faults(policy: ApprovalPolicy) -> Iterator[str]:
    gained, within = policy.devices_gained_over, policy.identity_changed_within
    rules = (policy.both_identified, policy.emails_differ, gained is not None, within is not None)
    if policy.ask is Ask.WHEN and not any(rules):
        yield "ask: to ask when a rule holds, the policy needs a rule."
    if not policy.outcomes or not policy.outcomes <= CHANGING:
        yield "outcomes: a person is asked about merged, assigned or reassigned, about one of them at least."
    if gained is not None and not 0 <= gained <= MOST_DEVICES:
        yield f"devicesGainedOver: must be 0 to {MOST_DEVICES}."
    if within is not None and (within % _DAY or not _DAY <= within <= MOST_DAYS * _DAY):
        yield f"identityChangedWithinDays: must be 1 to {MOST_DAYS} whole days."
    if policy.deadline % _SECOND or not _SECOND <= policy.deadline <= LONGEST_DEADLINE:
        yield f"deadlineSeconds: must be whole seconds, 1 to those of {LONGEST_DEADLINE.days} days."
    if not 1 <= policy.reminder_percent <= 99:
        yield "reminderPercent: must be 1 to 99."
    if len(policy.blocked_values) > MOST_BLOCKED:
        yield f"blockedValues: must be at most {MOST_BLOCKED} values."
    for fault in filter(None, (flaw(value, VALUE_LENGTH) for value in policy.blocked_values)):
        yield f"blockedValues: a value {fault}."
