"""What an auditor filters by. It stands in the URL as its form sends it, so that a list can be passed on."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from pydantic import BaseModel, StringConstraints

from domain.errors import DatabaseNotFound, ValueInvalid
from domain.plan import Rule
from domain.times import parse_date
from ledger.events import EventKind
from store.audit_list import Wanted
from store.tokens import Scope
from web.merge_words import OUTCOMES
from web.reach import demand_reach, entered_id
from web.story_words import WORDS
from web.viewer import Viewer
from web.wording import DECIDED

Text = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]

RULES = tuple(rule.value for rule in Rule)
KINDS: Mapping[str, str] = {kind.value: WORDS[kind] for kind in EventKind if kind in WORDS}
"""What may have happened to a merge."""


class Asked(BaseModel):
    """The fields of the filter's form, as the URL has them; empty: any. `after` is where a page of the list begins."""

    database: Text = ""
    person: Text = ""
    contact: Text = ""
    decision: Text = ""
    outcome: Text = ""
    since: Text = ""
    until: Text = ""
    rule: Text = ""
    policy: Text = ""
    kind: Text = ""
    after: Text = ""

    @property
    def given(self) -> Mapping[str, str]:
        """What is filtered by."""
        fields: Mapping[str, str] = self.model_dump(exclude={"after"})
        return {name: value for name, value in fields.items() if value}

    def query(self, **further: str) -> str:
        return urlencode({**self.given, **further})

    def wanted(self, viewer: Viewer) -> Wanted:
        """Raises DatabaseNotFound, and ValueInvalid for what nothing can be filtered by.

        A filter that was ignored would make a list of more than was asked for.
        """
        database_id = _number("database", self.database)
        if database_id is not None:
            demand_reach(viewer, Scope.MERGES_READ, database_id, DatabaseNotFound)
        return Wanted(
            database_id=database_id,
            person_id=_number("person", self.person),
            contact_id=_number("contact", self.contact),
            decision=_one_of("decision", self.decision, DECIDED),
            outcome=_one_of("outcome", self.outcome, OUTCOMES),
            since=_midnight("since", self.since),
            until=_midnight("until", self.until, days=1),
            rule=_one_of("rule", self.rule, RULES),
            policy_version=_number("policy", self.policy),
            kind=_one_of("kind", self.kind, KINDS),
        )


def _number(name: str, given: str) -> int | None:
    if not given:
        return None
    if (number := entered_id(given)) is None:
        raise ValueInvalid(f"Nothing can be filtered by the {name} {given!r}: it is a number.")
    return number


def _midnight(name: str, given: str, days: int = 0) -> datetime | None:
    """Of this day, or so many days later."""
    if not given:
        return None
    try:
        return datetime.combine(parse_date(given), time(), UTC) + timedelta(days)
    except (ValueError, OverflowError):
        raise ValueInvalid(f"Nothing can be filtered by {name} {given!r}: it is a day, such as 2026-11-23.") from None


def _one_of(name: str, given: str, known: Collection[str]) -> str | None:
    if given and given not in known:
        raise ValueInvalid(f"Nothing can be filtered by the {name} {given!r}.")
    return given or None
