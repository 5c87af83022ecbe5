"""A merge that has ended is told in words of after."""

import re
from dataclasses import fields, replace
from typing import Any

import pytest

from store.merges import MergeRow
from tests.contacts import device_contact, lookup_contact, merged
from tests.web.merge_rows import waiting
from web.tense import tense
from web.wording import question

MERGE = {"outcome": "merged", "survivor": 2, "absorbed": 1}
ALONE = {"survivor": 2, "absorbed": None}
WAITING = waiting(merged(device_contact(), lookup_contact()))


def row(outcome: str | None, plan: dict[str, Any] | None = None) -> MergeRow:
    return replace(WAITING, outcome=outcome, plan=plan or MERGE)


@pytest.mark.parametrize(
    ("outcome", "plan", "told"),
    [
        (None, MERGE, "Merge contact 1 into contact 2?"),
        ("merged", MERGE, "Contact 1 was merged into contact 2"),
        ("rejected", MERGE, "Contact 1 was not merged into contact 2"),
        ("expired", MERGE, "Contact 1 was not merged into contact 2"),
        ("blocked", {**MERGE, "outcome": "blocked"}, "Contact 1 was not merged into contact 2"),
        (None, {**ALONE, "outcome": "assigned"}, "Give contact 2 a userId?"),
        ("assigned", {**ALONE, "outcome": "assigned"}, "Contact 2 was given a userId"),
        (None, {**ALONE, "outcome": "reassigned"}, "Give contact 2 another userId?"),
        ("withdrawn", {**ALONE, "outcome": "reassigned"}, "Contact 2 was not given another userId"),
        ("unchanged", {**ALONE, "outcome": "unchanged"}, "Contact 2 had its userId already"),
        ("not_found", {"survivor": None, "absorbed": None}, "No contact was found to give a userId"),
    ],
)
def test_the_question_is_answered_once_it_is(outcome: str | None, plan: dict[str, Any], told: str) -> None:
    assert question(row(outcome, plan)) == told


@pytest.mark.parametrize("outcome", ["merged", "assigned", "reassigned"])
def test_what_was_done_is_told_as_done(outcome: str) -> None:
    assert (tense(row(outcome)).lost, tense(row(outcome)).holds) == ("was lost", "held")


@pytest.mark.parametrize("outcome", ["rejected", "expired", "withdrawn", "blocked", "unchanged"])
def test_what_was_not_done_is_told_as_what_would_have_been(outcome: str) -> None:
    assert (tense(row(outcome)).lost, tense(row(outcome)).holds) == ("would have been lost", "held")


@pytest.mark.parametrize("outcome", ["merged", "rejected"])
def test_no_words_of_before_are_left_after_the_end(outcome: str) -> None:
    before, after = tense(row(None)), tense(row(outcome))
    for field in fields(after):
        words = getattr(after, field.name)
        assert words != getattr(before, field.name), field.name
        assert not re.search(r"\b(is|are|has|holds|remains|moves|stays?|ends)\b", words.partition(" (")[0]) or (
            field.name in {"ends", "undone"}
        ), words
