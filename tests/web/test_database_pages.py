import asyncio
import re
from datetime import timedelta

import pytest

from domain.approval import Ask
from domain.plan import Outcome
from domain.policy import SurvivorRule
from domain.policy_change import PolicyChange
from domain.roles import Role
from store import policies
from tests.web.looked_up import Library, Visitor, text_of
from tests.web.visitors import hidden

pytestmark = pytest.mark.slow

WANTED = {
    "survivor": "older",
    "ask": "when",
    "outcome_merged": "yes",
    "outcome_reassigned": "yes",
    "emails_differ": "yes",
    "devices_gained_over": "3",
    "identity_changed_within": "7",
    "deadline": "36",
    "unit": "hours",
    "reminder_percent": "50",
    "blocked_values": "nobody\n\n guest \n",
}


@pytest.fixture
async def admin(library: Library) -> Visitor:
    return await library.visitor(Role.ADMIN, library.elsewhere.id)


async def sent(library: Library, admin: Visitor, **fields: str) -> tuple[int, str]:
    path = f"/databases/{library.elsewhere.id}/policy"
    shown = re.search(r'name="version" value="(\d+)"', await admin.read(path))
    assert shown
    answer = await admin.send(path, path, **{"version": shown[1], **WANTED, **fields})
    return answer.status_code, text_of(answer.text)


async def test_a_database_tells_its_columns_keys_channels_and_policy(library: Library) -> None:
    page = await (await library.visitor(Role.AUDITOR)).read(f"/databases/{library.here.id}")
    text = text_of(page)
    assert "Size selection: S, M, L no no" in text
    assert "userId text no active" in text
    assert "App keys (PUSH) ap56921D" in text
    assert "Asks a person always, before merged" in text
    assert "An admin of this database can change it." in text


async def test_an_admin_changes_the_policy_by_a_form(library: Library, admin: Visitor) -> None:
    status, _ = await sent(library, admin)
    assert status == 303
    policy, approval = await policies.get(library.store, library.elsewhere.id)
    assert policy.survivor is SurvivorRule.OLDER
    assert (approval.ask, approval.outcomes) == (Ask.WHEN, frozenset({Outcome.MERGED, Outcome.REASSIGNED}))
    assert (approval.both_identified, approval.emails_differ) == (False, True)
    assert (approval.devices_gained_over, approval.identity_changed_within) == (3, timedelta(days=7))
    assert (approval.deadline, approval.reminder_percent) == (timedelta(hours=36), 50)
    assert approval.blocked_values == ("guest", "nobody")
    text = text_of(await admin.read(f"/databases/{library.elsewhere.id}"))
    assert "Waits for 36 hours, with a reminder after 50 %" in text
    assert f"{policy.version}, in force" in text
    newest, *_ = await policies.history(library.store, library.elsewhere.id)
    assert f"{newest.person} Survivor" in text


async def test_the_form_shows_the_policy_that_stands(library: Library, admin: Visitor) -> None:
    await sent(library, admin)
    page = await admin.read(f"/databases/{library.elsewhere.id}/policy")
    shown = dict(re.findall(r'<input id="(\w+)" [^>]*value="([^"]*)"', page))
    assert {name: shown[name] for name in ("deadline", "devices_gained_over")} == {
        "deadline": "36",
        "devices_gained_over": "3",
    }
    checked = re.findall(r'id="([^"]+)"[^>]* checked', page)
    assert checked == [
        "survivor-older",
        "ask-when",
        "outcome_merged-yes",
        "outcome_reassigned-yes",
        "emails_differ-yes",
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"deadline": ""}, "The time to decide: must be a whole number."),
        ({"deadline": "0"}, "deadlineSeconds: must be"),
        ({"reminder_percent": "100"}, "reminderPercent: must be 1 to 99."),
        ({"devices_gained_over": "-1"}, "Devices gained: must be a whole number, or empty."),
        ({"survivor": "nobody"}, "survivor: choose one"),
        ({"unit": "years"}, "unit: choose one"),
        ({"outcome_merged": "", "outcome_reassigned": ""}, "outcomes: a person is asked about"),
    ],
)
async def test_a_policy_that_can_not_be_is_told_and_what_was_written_stays(
    library: Library, admin: Visitor, wrong: dict[str, str], told: str
) -> None:
    before = await policies.get(library.store, library.elsewhere.id)
    status, text = await sent(library, admin, **wrong, blocked_values="what I wrote")
    assert status == 422
    assert told in text and "Nothing was changed." in text and "what I wrote" in text
    assert await policies.get(library.store, library.elsewhere.id) == before


async def test_a_form_of_another_version_changes_nothing(library: Library, admin: Visitor) -> None:
    before = await policies.get(library.store, library.elsewhere.id)
    assert (await sent(library, admin, version="999"))[0] == 403
    assert await policies.get(library.store, library.elsewhere.id) == before


async def test_a_form_that_was_shown_beside_an_older_version_undoes_nothing(library: Library, admin: Visitor) -> None:
    path = f"/databases/{library.elsewhere.id}/policy"
    shown = hidden(await admin.read(path))
    now, _ = await policies.change(library.store, library.elsewhere.id, PolicyChange(approval={"reminder_percent": 33}))
    answer = await admin.http.post(path, data={**shown, **WANTED, "blocked_values": "what I wrote"})
    assert answer.status_code == 412
    seen = f"You filled this in beside version {shown['version']}; version {now.version} stands now."
    assert seen in answer.text and "what I wrote" in answer.text
    assert (await policies.get(library.store, library.elsewhere.id))[0].version == now.version


async def test_of_two_changes_at_once_that_saw_the_same_version_one_is_made(library: Library) -> None:
    seen = (await policies.get(library.store, library.elsewhere.id))[0].version
    ways = [PolicyChange(approval={"reminder_percent": percent}) for percent in (11, 12)]
    made = await asyncio.gather(
        *(policies.change(library.store, library.elsewhere.id, way, seen=seen) for way in ways), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in made) == ["PolicyStale", "tuple"]
    assert (await policies.get(library.store, library.elsewhere.id))[0].version == seen + 1
