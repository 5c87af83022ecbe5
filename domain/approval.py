"""When a merge has to wait for a person: data of a database's policy, and one pure function over a plan."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from domain.errors import IdentityBlocked
from domain.identity import Identity
from domain.plan import Outcome, Plan


class Ask(StrEnum):
    NEVER = "never"
    ALWAYS = "always"
    WHEN = "when"  # one of the rules holds


class Reason(StrEnum):
    """Why a person was asked."""

    ALWAYS = "always"
    BOTH_IDENTIFIED = "both-identified"
    EMAILS_DIFFER = "emails-differ"
    DEVICES_GAINED = "devices-gained"
    IDENTITY_CHANGED = "identity-changed"


# What systems put where they know nobody: each of them would make one contact of thousands.
PLACEHOLDERS = ("-1", "anonymous", "guest", "n/a", "nan", "nil", "none", "null", "test", "undefined", "unknown")


@dataclass(frozen=True)
class ApprovalPolicy:
    """The part of a policy that says who is asked; its version is the policy's.

    `outcomes` are those that a person is asked about at all. The rules count where `ask` is WHEN:
    `devices_gained_over` n asks where the survivor gains more than n devices, `identity_changed_within` where the
    identities of the requested device's contact changed so recently; None asks never. Of `deadline`,
    `reminder_percent` pass before reviewers are reminded. `blocked_values` are refused as identities, whatever their
    case.
    """

    ask: Ask = Ask.NEVER
    outcomes: frozenset[Outcome] = frozenset({Outcome.MERGED})
    both_identified: bool = False
    emails_differ: bool = False
    devices_gained_over: int | None = None
    identity_changed_within: timedelta | None = None
    deadline: timedelta = timedelta(days=3)
    reminder_percent: int = 75
    blocked_values: tuple[str, ...] = PLACEHOLDERS


def reasons_to_ask(plan: Plan, policy: ApprovalPolicy, last_changed: timedelta | None) -> tuple[Reason, ...]:
    """Why a person has to decide; nothing where the plan may be executed at once.

    `last_changed` is how long ago the identities of the requested device's contact last changed; None: never.
    """
    if policy.ask is Ask.NEVER or plan.outcome not in policy.outcomes:
        return ()
    if policy.ask is Ask.ALWAYS:
        return (Reason.ALWAYS,)
    within, gained = policy.identity_changed_within, policy.devices_gained_over
    holds = {
        Reason.BOTH_IDENTIFIED: policy.both_identified and _both_identified(plan),
        Reason.EMAILS_DIFFER: policy.emails_differ and _emails_differ(plan),
        Reason.DEVICES_GAINED: gained is not None and _devices_gained(plan) > gained,
        Reason.IDENTITY_CHANGED: within is not None and last_changed is not None and last_changed <= within,
    }
    return tuple(reason for reason, does in holds.items() if does)


def demand_not_blocked(identity: Identity, blocked_values: Iterable[str]) -> None:
    """Raises IdentityBlocked for a value that stands for nobody: one of the policy's, or nothing but zeros."""
    folded = identity.value.casefold()
    if not identity.value.strip("0-. ") or folded in {value.casefold() for value in blocked_values}:
        raise IdentityBlocked(f"The database refuses this value of {identity.name}: it stands for nobody.")


def _both_identified(plan: Plan) -> bool:
    return bool(plan.older and plan.newer and plan.older.identities and plan.newer.identities)


def _emails_differ(plan: Plan) -> bool:
    emails = [contact.system.email for contact in (plan.older, plan.newer) if contact and contact.system.email]
    return len({email.casefold() for email in emails}) == 2


def _devices_gained(plan: Plan) -> int:
    return len(plan.absorbed.devices) if plan.absorbed else 0
