"""The messages between gateway, workflow and activities: frozen, small, in histories for ever.

Only the start of a run carries personal values (the requested destination and identity: nothing is stored before
the run exists); every payload is encrypted. All later messages are ids and hashes, read again from PostgreSQL.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Proposal:
    """What people are shown: a revision of the plan and its digest. `outcome` where the request ended instead.

    `remaining` and `until_reminder` are seconds from now, by the database's clock.
    """

    outcome: str | None
    revision: int = 0
    digest: str = ""
    remaining: float = 0
    until_reminder: float = 0


@dataclass(frozen=True)
class Continued:
    """What a run whose history grew long hands to the one that goes on in its place."""

    shown: Proposal
    reminded: bool


@dataclass(frozen=True)
class EstablishIdentityInput:
    """The start of a run. `requester` is the id of the token that asked, `fingerprint` says what it asked for.

    `continued`: the same request has waited in another run before.
    """

    merge_id: str
    database_id: int
    channel: str
    qualifier: str
    destination: str
    identity_name: str
    identity_value: str
    use_crm_contact_as_winner: bool
    merge_events: bool
    requester: str
    fingerprint: str
    continued: Continued | None = None


@dataclass(frozen=True)
class SettleInput:
    """A caller who waits for the answer to the request with this fingerprint."""

    fingerprint: str


@dataclass(frozen=True)
class PrepareResult:
    """`outcome` where the request ended without changing anything, else None: the merge is due.

    `asks`: not before a person has decided.
    """

    outcome: str | None
    asks: bool = False


@dataclass(frozen=True)
class ProposeInput:
    """`cause` says why a next revision of the plan would be shown."""

    merge_id: str
    cause: str


@dataclass(frozen=True)
class RemindInput:
    merge_id: str


@dataclass(frozen=True)
class MergeInput:
    """`decision_id` names the approval where a person was asked."""

    merge_id: str
    decision_id: str | None = None


@dataclass(frozen=True)
class MergeResult:
    """`outcome` None: nothing was changed, for the reason that the code `refused` gives."""

    outcome: str | None
    refused: str | None = None


@dataclass(frozen=True)
class EndInput:
    """A decision other than an approval, by its kind and id; both None once the deadline has passed.

    No member has a default: else any other message that names a merge would say that its time is up.
    """

    merge_id: str
    kind: str | None
    decision_id: str | None


@dataclass(frozen=True)
class DecideInput:
    """A decision that stands in PostgreSQL, and the digest of the plan that its maker saw."""

    decision_id: str
    kind: str
    digest: str


@dataclass(frozen=True)
class Decided:
    """What a decision found. `outcome`: the request has ended, by it or otherwise; the merge's row tells by what.

    `outcome` None: nothing was done, since another revision of the plan stands.
    """

    outcome: str | None


@dataclass(frozen=True)
class Settled:
    """The end of the run that had this fingerprint. The answer itself is the merge's stored one.

    `outcome` None: it has not ended, it waits for a person.
    """

    merge_id: str
    outcome: str | None
    fingerprint: str
