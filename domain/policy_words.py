"""A policy in words."""

from datetime import timedelta

from domain.approval import ApprovalPolicy, Ask
from domain.policy import SurvivorRule
from domain.text import count

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))

_SURVIVORS = {
    SurvivorRule.DEVICE_CONTACT: "the contact of the device",
    SurvivorRule.LOOKUP_CONTACT: "the contact that holds the identity",
    SurvivorRule.OLDER: "the older contact",
    SurvivorRule.NEWER: "the newer contact",
}


def policy_facts(survivor: SurvivorRule, approval: ApprovalPolicy) -> list[tuple[str, str]]:
    return [
        ("Survivor", _SURVIVORS[survivor]),
        *approval_facts(approval),
        ("Blocked values", ", ".join(("zeros", *approval.blocked_values))),
    ]


def approval_facts(approval: ApprovalPolicy) -> list[tuple[str, str]]:
    if approval.ask is Ask.NEVER:
        return [("Asks a person", "never")]
    waits = f"{duration(approval.deadline)}, with a reminder after {approval.reminder_percent} %"
    return [("Asks a person", _asks(approval)), ("Waits for", waits)]


def duration(time: timedelta) -> str:
    """`3 days`, `36 hours`: in the largest unit that says it exactly."""
    seconds = int(time.total_seconds())
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return count(seconds // size, unit)


def _asks(approval: ApprovalPolicy) -> str:
    outcomes = _or(sorted(outcome.value for outcome in approval.outcomes))
    if approval.ask is Ask.ALWAYS:
        return f"always, before {outcomes}"
    return f"before {outcomes}, where {_or(_rules(approval))}"


def _rules(approval: ApprovalPolicy) -> list[str]:
    gained, within = approval.devices_gained_over, approval.identity_changed_within
    return [
        *(["both contacts carry an identity"] if approval.both_identified else []),
        *(["their e-mails differ"] if approval.emails_differ else []),
        *([f"the survivor gains more than {count(gained, 'device')}"] if gained is not None else []),
        *([f"the device changed identity within {duration(within)}"] if within is not None else []),
    ]


def _or(parts: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
