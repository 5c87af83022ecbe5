"""The messages between gateway, workflow and activities: frozen, small, in histories for ever.

Only the start of a run carries personal values (the requested destination and identity: nothing is stored before
the run exists); every payload is encrypted. All later messages are ids and hashes, read again from PostgreSQL.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class EstablishIdentityInput:
    """The start of a run. `requester` is the id of the token that asked, `fingerprint` says what it asked for."""

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


@dataclass(frozen=True)
class SettleInput:
    """A caller who waits for the answer to the request with this fingerprint."""

    fingerprint: str


@dataclass(frozen=True)
class PrepareResult:
    """`outcome` where the request ended without changing anything, else None: the merge is due."""

    outcome: str | None


@dataclass(frozen=True)
class MergeInput:
    merge_id: str


@dataclass(frozen=True)
class MergeResult:
    outcome: str


@dataclass(frozen=True)
class Settled:
    """The end of the run that had this fingerprint. The answer itself is the merge's stored one."""

    merge_id: str
    outcome: str
    fingerprint: str
