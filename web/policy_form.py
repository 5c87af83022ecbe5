"""A policy as a form has it, and the change that a form asks for."""

from collections.abc import Mapping
from datetime import timedelta

from domain.approval import ApprovalPolicy, Ask
from domain.errors import PolicyInvalid
from domain.plan import CHANGING
from domain.policy import SurvivorRule
from domain.policy_change import PolicyChange
from web.forms import Form

UNITS: Mapping[str, timedelta] = {
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
    "seconds": timedelta(seconds=1),
}
_CHECKED = "yes"


def as_form(version: int, survivor: SurvivorRule, approval: ApprovalPolicy) -> Form:
    unit = next(unit for unit, size in UNITS.items() if not approval.deadline % size)
    within = approval.identity_changed_within
    outcomes = {f"outcome_{outcome.value}": _checked(outcome in approval.outcomes) for outcome in CHANGING}
    return Form(
        {
            "version": str(version),
            "survivor": survivor.value,
            "ask": approval.ask.value,
            **outcomes,
            "both_identified": _checked(approval.both_identified),
            "emails_differ": _checked(approval.emails_differ),
            "devices_gained_over": "" if approval.devices_gained_over is None else str(approval.devices_gained_over),
            "identity_changed_within": "" if within is None else str(within.days),
            "deadline": str(approval.deadline // UNITS[unit]),
            "unit": unit,
            "reminder_percent": str(approval.reminder_percent),
            "blocked_values": "\n".join(approval.blocked_values),
        }
    )


def change_in(form: Form) -> PolicyChange:
    """Every member, as the form shows every one. Raises PolicyInvalid."""
    within = _number(form, "identity_changed_within", "Days since the device changed identity")
    lines = (line.strip() for line in form["blocked_values"].splitlines())
    return PolicyChange(
        SurvivorRule(_one_of(form, "survivor", {rule.value for rule in SurvivorRule})),
        {
            "ask": Ask(_one_of(form, "ask", {ask.value for ask in Ask})),
            "outcomes": frozenset(one for one in CHANGING if form.has(f"outcome_{one.value}")),
            "both_identified": form.has("both_identified"),
            "emails_differ": form.has("emails_differ"),
            "devices_gained_over": _number(form, "devices_gained_over", "Devices gained"),
            "identity_changed_within": None if within is None else timedelta(days=within),
            "deadline": _needed(form, "deadline", "The time to decide") * UNITS[_one_of(form, "unit", set(UNITS))],
            "reminder_percent": _needed(form, "reminder_percent", "The reminder"),
            "blocked_values": tuple(line for line in lines if line),
        },
    )


def _checked(holds: bool) -> str:
    return _CHECKED if holds else ""


def _one_of(form: Form, name: str, known: set[str]) -> str:
    if form[name] not in known:
        raise PolicyInvalid(f"{name}: choose one of those that the form offers.")
    return form[name]


def _number(form: Form, name: str, called: str) -> int | None:
    text = form[name]
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise PolicyInvalid(f"{called}: must be a whole number, or empty.")
    return int(text)


def _needed(form: Form, name: str, called: str) -> int:
    number = _number(form, name, called)
    if number is None:
        raise PolicyInvalid(f"{called}: must be a whole number.")
    return number
