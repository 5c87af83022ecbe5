from datetime import timedelta
from typing import Any

import pytest

from domain.approval import PLACEHOLDERS, ApprovalPolicy, Ask
from domain.errors import PolicyInvalid
from domain.plan import CHANGING, Outcome
from domain.policy_change import PolicyChange, changed

DEFAULT = ApprovalPolicy()
ASKING = ApprovalPolicy(
    ask=Ask.WHEN,
    outcomes=CHANGING,
    both_identified=True,
    emails_differ=True,
    devices_gained_over=2,
    identity_changed_within=timedelta(days=30),
    deadline=timedelta(hours=12),
    reminder_percent=50,
    blocked_values=("Walk-In",),
)


def change(before: ApprovalPolicy = DEFAULT, **approval: Any) -> ApprovalPolicy:
    return changed(before, PolicyChange(approval=approval))


def listed(before: tuple[str, ...], block: tuple[str, ...] = (), unblock: tuple[str, ...] = ()) -> tuple[str, ...]:
    wanted = PolicyChange(approval={"blocked_values": before}, block=block, unblock=unblock)
    return changed(DEFAULT, wanted).blocked_values


@pytest.mark.parametrize("before", [DEFAULT, ASKING], ids=["default", "asking"])
def test_what_is_absent_stays(before: ApprovalPolicy) -> None:
    assert change(before) == before
    assert changed(change(before, reminder_percent=60), PolicyChange(approval={"reminder_percent": 75})) == (
        change(before, reminder_percent=75)
    )


def test_every_part_can_be_changed_and_changed_back() -> None:
    parts = {name: getattr(ASKING, name) for name in ASKING.__dataclass_fields__}
    assert change(DEFAULT, **parts) == ASKING
    assert change(ASKING, **{name: getattr(DEFAULT, name) for name in parts}) == DEFAULT


@pytest.mark.parametrize(
    "rule",
    [
        {"both_identified": True},
        {"emails_differ": True},
        {"devices_gained_over": 0},
        {"identity_changed_within": timedelta(days=1)},
    ],
    ids=lambda rule: next(iter(rule)),
)
def test_when_needs_one_rule_and_any_will_do(rule: dict[str, Any]) -> None:
    asking = change(ask=Ask.WHEN, **rule)
    [name] = rule
    assert getattr(asking, name) == rule[name]
    with pytest.raises(PolicyInvalid):
        change(asking, **{name: getattr(DEFAULT, name)})
    assert change(asking, ask=Ask.ALWAYS, **{name: getattr(DEFAULT, name)}).ask is Ask.ALWAYS


def test_when_without_a_rule_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="policy-invalid") as refused:
        change(ask=Ask.WHEN)
    assert refused.value.detail == "ask: to ask when a rule holds, the policy needs a rule."


ALLOWED: dict[str, list[Any]] = {
    "outcomes": [frozenset({one}) for one in CHANGING],
    "devices_gained_over": [None, 0, 1_000_000],
    "identity_changed_within": [None, timedelta(days=1), timedelta(days=3650)],
    "deadline": [timedelta(seconds=1), timedelta(days=90)],
    "reminder_percent": [1, 99],
    "blocked_values": [(), ("v",), ("v" * 255,), tuple(f"v{at:03}" for at in range(1000))],
}
REFUSED: dict[str, list[Any]] = {
    "outcomes": [frozenset(), *(frozenset({Outcome.MERGED, one}) for one in Outcome if one not in CHANGING)],
    "devices_gained_over": [-1, 1_000_001],
    "identity_changed_within": [
        timedelta(0),
        timedelta(days=-1),
        timedelta(hours=12),
        timedelta(days=1, seconds=1),
        timedelta(days=3651),
    ],
    "deadline": [timedelta(0), timedelta(milliseconds=1500), timedelta(days=90, seconds=1), timedelta(seconds=-1)],
    "reminder_percent": [0, 100, -1],
    "blocked_values": [("",), ("v" * 256,), (" v",), ("v\u200b",), tuple(f"v{at}" for at in range(1001))],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in ALLOWED.items() for value in values])
def test_what_lies_within_the_limits_is_taken(name: str, value: Any) -> None:
    assert getattr(change(**{name: value}), name) == value


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_what_lies_beyond_the_limits_is_refused_by_the_name_it_has_on_the_wire(name: str, value: Any) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        change(**{name: value})
    words = name.removesuffix("_within").split("_")
    assert refused.value.detail.startswith(words[0] + "".join(word.capitalize() for word in words[1:]))


def test_values_are_blocked_and_unblocked_whatever_their_case_or_composition() -> None:
    assert listed(PLACEHOLDERS, block=("Walk-In",)) == tuple(sorted((*PLACEHOLDERS, "Walk-In")))
    assert listed(PLACEHOLDERS, unblock=("TEST",)) == tuple(one for one in PLACEHOLDERS if one != "test")
    assert listed(("Zoe\u0308",)) == ("Zo\u00eb",)
    assert listed(("Zo\u00eb", "x"), unblock=("zoe\u0308",)) == ("x",)


def test_the_same_values_are_the_same_list_however_they_are_given() -> None:
    assert listed(PLACEHOLDERS[::-1]) == PLACEHOLDERS
    assert listed(("b", "a", "B", "a")) == ("a", "b")
    assert listed(PLACEHOLDERS, block=("TEST",)) == PLACEHOLDERS


@pytest.mark.parametrize("value", ["tset", "0", ""])
def test_unblocking_what_is_not_listed_is_refused(value: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        listed(PLACEHOLDERS, unblock=(value,))
    assert "Zeros" in refused.value.detail


def test_the_limit_counts_what_is_on_the_list_in_the_end() -> None:
    full = tuple(f"v{at:03}" for at in range(1000))
    assert len(listed(full, block=("V000", "more"), unblock=("v001",))) == 1000
    with pytest.raises(PolicyInvalid):
        listed(full, block=("more",))
