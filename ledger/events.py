"""What happened beside the settled requests: who asked, planned, saw, decided, and changed who may do what.

Events are many and small, so that they are sealed into the chain in batches. An event names ids, words, numbers and
names of columns, never a personal value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class EventKind(StrEnum):
    MERGE_REQUESTED = "merge.requested"
    MERGE_JOINED = "merge.joined"
    PLAN_MADE = "plan.made"
    PLAN_SEEN = "plan.seen"
    MERGE_CLAIMED = "merge.claimed"
    MERGE_RELEASED = "merge.released"
    COMMENT_ADDED = "comment.added"
    DECISION_MADE = "decision.made"
    DECISION_REFUSED = "decision.refused"
    VALUES_REVEALED = "values.revealed"
    VALUES_SEARCHED = "values.searched"
    CONTACT_VIEWED = "contact.viewed"
    KEPT_APART_ADDED = "kept_apart.added"
    KEPT_APART_LIFTED = "kept_apart.lifted"
    POLICY_CHANGED = "policy.changed"
    ROLE_GIVEN = "role.given"
    ROLE_TAKEN = "role.taken"
    PERSON_DISABLED = "person.disabled"
    PERSON_ENABLED = "person.enabled"
    TOKEN_CREATED = "token.created"  # noqa: S105 - a kind
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - a kind
    TOKEN_ADOPTED = "token.adopted"  # noqa: S105 - a kind
    PASSWORD_SET = "password.set"  # noqa: S105 - a kind
    DATABASE_CREATED = "database.created"
    COLUMN_ADDED = "column.added"
    LOOKUP_KEY_PUT = "lookup_key.put"
    LOOKUP_KEY_REMOVED = "lookup_key.removed"
    QUALIFIER_ADDED = "qualifier.added"
    EXPORT_MADE = "export.made"
    HISTORY_ARCHIVED = "history.archived"
    HISTORY_FORGOTTEN = "history.forgotten"
    RECONCILER_HEALED = "reconciler.healed"


MEMBERS: Mapping[EventKind, tuple[str, ...]] = {
    **dict.fromkeys(EventKind, ()),
    EventKind.PLAN_MADE: ("revision", "cause", "plan"),
    EventKind.PLAN_SEEN: ("revision", "masked"),
    EventKind.MERGE_RELEASED: ("person",),
    EventKind.COMMENT_ADDED: ("comment",),
    EventKind.DECISION_MADE: ("decision", "says", "revision", "notSamePerson"),
    EventKind.DECISION_REFUSED: ("decision", "says", "code"),
    EventKind.KEPT_APART_ADDED: ("other", "decision"),
    EventKind.KEPT_APART_LIFTED: ("other", "pair"),
    EventKind.POLICY_CHANGED: ("before", "version", "members"),
    **dict.fromkeys((EventKind.ROLE_GIVEN, EventKind.ROLE_TAKEN), ("person", "role", "everywhere")),
    **dict.fromkeys((EventKind.PERSON_DISABLED, EventKind.PERSON_ENABLED, EventKind.PASSWORD_SET), ("person",)),
    EventKind.TOKEN_CREATED: ("token", "owner", "person", "scopes", "expires"),
    EventKind.TOKEN_REVOKED: ("token",),
    EventKind.TOKEN_ADOPTED: ("token", "owner", "person"),
    EventKind.COLUMN_ADDED: ("column", "type", "required"),
    EventKind.LOOKUP_KEY_PUT: ("column", "status"),
    EventKind.LOOKUP_KEY_REMOVED: ("column",),
    EventKind.QUALIFIER_ADDED: ("channel", "qualifier"),
    EventKind.EXPORT_MADE: ("size", "values", "manifest"),
    EventKind.HISTORY_ARCHIVED: ("run", "events", "digest"),
    EventKind.HISTORY_FORGOTTEN: ("run",),
    EventKind.RECONCILER_HEALED: ("what",),
}
"""What each kind's detail holds, no more and no less."""


@dataclass(frozen=True)
class Event:
    """Something that is about to be recorded, in one database.

    `token_id` is what somebody did it with (None: the operator by the command, or this system itself), and `person_id`
    who did it: a person's own token names them without being asked to. To whom it was done stands in `detail`, and in
    `encrypted` what that commits to, under the key of `contact_id`.
    """

    kind: EventKind
    database_id: int
    merge_id: UUID | None = None
    contact_id: int | None = None
    person_id: int | None = None
    token_id: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    encrypted: bytes | None = None

    def __post_init__(self) -> None:
        if set(self.detail) != set(MEMBERS[self.kind]):
            raise ValueError(f"{self.kind} has the members {MEMBERS[self.kind]}, not {sorted(self.detail)}")


@dataclass(frozen=True)
class RecordedEvent:
    """An event as it stands in its table: `kind` and `detail` may be anybody's."""

    id: UUID
    kind: str
    at: datetime
    merge_id: UUID | None
    contact_id: int | None
    person_id: int | None
    token_id: str | None
    detail: Mapping[str, object]

    def document(self) -> dict[str, object]:
        """How it stands in the chain."""
        return {
            "id": self.id,
            "kind": self.kind,
            "at": self.at,
            "merge": self.merge_id,
            "contact": self.contact_id,
            "person": self.person_id,
            "token": self.token_id,
            "detail": self.detail,
        }
