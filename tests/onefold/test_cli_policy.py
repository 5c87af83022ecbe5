import asyncio
import re
from typing import Any

import pytest

from domain.approval import PLACEHOLDERS
from store.engine import Store
from tests.onefold.cli import Command
from tests.stack import LEDGER_KEYRING, Stack
from tests.tenant import new_tenant

EVERYTHING = (
    *("--survivor", "older", "--ask", "when", "--outcome", "merged", "--outcome", "reassigned"),
    *("--both-identified", "--emails-differ", "--devices-gained-over", "2", "--identity-changed-within-days", "30"),
    *("--deadline", "12h", "--reminder-percent", "50", "--block", "Walk-In", "--unblock", "TEST"),
)


@pytest.fixture
def database(live_onefold: Command) -> int:
    return int(live_onefold("database", "create", "Loyalty club", "--json").json["id"])


def test_a_new_database_has_a_policy_that_never_asks(live_onefold: Command, database: int) -> None:
    ended = live_onefold("policy", "show", database)
    assert ended.code == 0
    assert ended.lines[:3] == [
        "Version         1",
        "Survivor        the contact of the device",
        "Asks a person   never",
    ]
    assert ended.line("Blocked values").startswith("Blocked values zeros, -1, anonymous, guest,")


def test_everything_can_be_set_and_is_told_in_words(live_onefold: Command, database: int) -> None:
    ended = live_onefold("policy", "set", database, *EVERYTHING)
    assert ended.code == 0
    assert ended.line("Version") == "Version 2"
    words = " ".join(ended.out.split())
    assert (
        "Asks a person before merged or reassigned, where both contacts carry an identity, their e-mails differ, the"
        " survivor gains more than 2 devices or the device changed identity within 30 days"
    ) in words
    assert "Waits for 12 hours, with a reminder after 50 %" in words
    assert "Walk-In" in words
    assert "test" not in words
    assert live_onefold("policy", "show", database).out == ended.out


def test_what_is_not_named_stays_and_none_switches_a_rule_off(live_onefold: Command, database: int) -> None:
    before = live_onefold("policy", "set", database, *EVERYTHING, "--json").json
    one = live_onefold("policy", "set", database, "--devices-gained-over", "none", "--no-emails-differ", "--json").json
    other = live_onefold("policy", "set", database, "--identity-changed-within-days", "none", "--json").json
    rules = {**before["approval"]["rules"], "devicesGainedOver": None, "emailsDiffer": False}
    assert one == {**before, "version": 3, "approval": {**before["approval"], "rules": rules}}
    assert other["approval"]["rules"] == {**rules, "identityChangedWithinDays": None}
    refused = live_onefold("policy", "set", database, "--no-both-identified")
    assert (refused.code, refused.err) == (
        3,
        "onefold: ask: to ask when a rule holds, the policy needs a rule. (policy-invalid)\n",
    )
    assert live_onefold("policy", "show", database, "--json").json == other


def test_json_is_what_the_api_shows(live_onefold: Command, stack: Stack) -> None:
    database_id, shown, versions = asyncio.run(_over_http(stack))
    assert live_onefold("policy", "show", database_id, "--json").json == shown
    assert live_onefold("policy", "history", database_id, "--json").json == versions
    assert len(versions["versions"]) == 2


async def _over_http(stack: Stack) -> tuple[int, Any, Any]:
    store = Store.connect(stack.database_url, ledger_keys=LEDGER_KEYRING)
    tenant = await new_tenant(store, stack.url)
    path = f"/v1/databases/{tenant.id}/policy"
    async with tenant.http as http:
        shown = await tenant.put_policy({"survivor": "newer", "approval": {"ask": "always"}})
        versions = await http.get(f"{path}/versions")
    await store.close()
    return tenant.id, shown.json(), versions.json()


def test_history_lists_every_version_the_newest_first(live_onefold: Command, database: int) -> None:
    live_onefold("policy", "set", database, "--ask", "always", "--deadline", "90s")
    live_onefold("policy", "set", database, "--ask", "always", "--deadline", "90s")
    live_onefold("policy", "set", database, "--ask", "never", "--survivor", "newer")
    listed = live_onefold("policy", "history", database, "--json").json["versions"]
    assert [(one["version"], one["survivor"], one["approval"]["ask"]) for one in listed] == [
        (3, "newer", "never"),
        (2, "device-contact", "always"),
        (1, "device-contact", "never"),
    ]
    assert listed[1]["approval"]["deadlineSeconds"] == 90
    ended = live_onefold("policy", "history", database)
    assert [line.split()[1] for line in ended.lines if line.startswith("Version ")] == ["3", "2", "1"]
    assert re.fullmatch(r"Since 20\S+ \S+ UTC, by the operator", ended.line("Since"))
    assert ended.line("Waits for") == "Waits for 90 seconds, with a reminder after 75 %"
    assert max(len(line) for line in ended.lines) <= 80
    newest = ended.out.split("\n\n")[0].splitlines()
    assert [line for line in newest if not line.startswith("Since")] == live_onefold(
        "policy", "show", database
    ).out.splitlines()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("3d", "3 days"),
        ("1d", "1 day"),
        ("36h", "36 hours"),
        ("90m", "90 minutes"),
        ("60s", "1 minute"),
        ("1s", "1 second"),
    ],
)
def test_a_deadline_is_told_in_the_largest_unit_that_fits(
    live_onefold: Command, database: int, given: str, told: str
) -> None:
    ended = live_onefold("policy", "set", database, "--ask", "always", "--deadline", given)
    assert ended.line("Waits for") == f"Waits for {told}, with a reminder after 75 %"
    assert ended.line("Asks a person") == "Asks a person always, before merged"


def test_a_database_says_who_is_asked(live_onefold: Command, database: int) -> None:
    assert live_onefold("database", "show", database).line("Asks a person") == "Asks a person never"
    live_onefold("policy", "set", database, "--ask", "when", "--devices-gained-over", "1")
    ended = live_onefold("database", "show", database)
    assert "before merged, where the survivor gains more than 1 device" in " ".join(ended.out.split())
    assert ended.line("Waits for") == "Waits for 3 days, with a reminder after 75 %"
    policy = live_onefold("policy", "show", database, "--json").json
    assert live_onefold("database", "show", database, "--json").json["policy"] == policy


def test_values_are_blocked_and_unblocked_one_by_one(live_onefold: Command, database: int) -> None:
    live_onefold("policy", "set", database, "--block", "Walk-In", "--block", "kiosk")
    shown = live_onefold("policy", "set", database, "--unblock", "walk-in", "--unblock", "nil", "--json").json
    assert shown["blockedValues"] == sorted({*PLACEHOLDERS, "kiosk"} - {"nil"})
    again = live_onefold("policy", "set", database, "--block", "KIOSK", "--json").json
    assert again == shown, "blocked already: no new version"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--deadline", "3"), "'3' does not read like 3d, 12h, 30m or 90s."),
        (("--deadline", "1w"), "'1w' does not read like 3d, 12h, 30m or 90s."),
        (("--deadline", "-1d"), "'-1d' does not read like"),
        (("--deadline", "999999999d"), "does not read like"),
        (("--devices-gained-over", "some"), "'some' is neither a number nor `none`."),
        (("--identity-changed-within-days", "99999999999"), "is neither a number nor `none`."),
        (("--ask", "sometimes"), "'sometimes' is not one of"),
        (("--survivor", "oldest"), "'oldest' is not one of"),
        ((), "name what to change"),
    ],
)
def test_what_cannot_be_read_is_wrong_usage(
    live_onefold: Command, database: int, options: tuple[str, ...], sentence: str
) -> None:
    ended = live_onefold("policy", "set", database, *options)
    assert (ended.code, ended.out) == (2, "")
    assert sentence in " ".join(ended.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--ask", "when"), "ask: to ask when a rule holds, the policy needs a rule."),
        (("--deadline", "0s"), "deadlineSeconds: must be whole seconds, 1 to those of 90 days."),
        (("--deadline", "91d"), "deadlineSeconds: must be whole seconds, 1 to those of 90 days."),
        (("--reminder-percent", "100"), "reminderPercent: must be 1 to 99."),
        (("--devices-gained-over", "-1"), "devicesGainedOver: must be 0 to 1000000."),
        (("--identity-changed-within-days", "0"), "identityChangedWithinDays: must be 1 to 3650 whole days."),
        (("--outcome", "blocked"), "one of them at least."),
        (("--block", ""), "blockedValues: a value must not be empty."),
        (("--unblock", "0"), "Zeros are blocked without it."),
    ],
)
def test_what_a_rule_refuses_exits_with_3_and_changes_nothing(
    live_onefold: Command, database: int, options: tuple[str, ...], sentence: str
) -> None:
    ended = live_onefold("policy", "set", database, *options)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.endswith(f"{sentence} (policy-invalid)\n")
    assert live_onefold("policy", "show", database, "--json").json["version"] == 1


@pytest.mark.parametrize("command", [("show",), ("history",), ("set", "--ask", "always")])
def test_a_database_that_does_not_exist_has_no_policy(live_onefold: Command, command: tuple[str, ...]) -> None:
    ended = live_onefold("policy", command[0], "4", *command[1:])
    assert (ended.code, ended.err) == (4, "onefold: Database not found (database-not-found)\n")
