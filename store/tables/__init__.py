"""The tables, by subject. Migrations create them; a test holds both together.

Whoever imports one has imported them all: foreign keys name tables of other subjects."""

from store.tables.checkpoint import checkpoint_places, checkpoint_refusals, ledger_checkpoints, ledger_tiles
from store.tables.contact import (
    contact_list_members,
    contact_lists,
    contacts,
    devices,
    events,
    identities,
    inbox_messages,
)
from store.tables.database import columns, databases, lookup_keys, policies, qualifiers
from store.tables.ledger import contact_keys, ledger_entries, ledger_events, ledger_heads, ledger_payloads, ledger_seals
from store.tables.merge import (
    decisions,
    kept_apart,
    merge_comments,
    merge_executions,
    merge_requesters,
    merge_revisions,
    merges,
    outbox,
)
from store.tables.person import people, reveals, roles, sessions, sign_in_failures, tokens
from store.tables.run import findings, histories
from store.tables.schema import metadata

__all__ = [
    "checkpoint_places",
    "checkpoint_refusals",
    "columns",
    "contact_keys",
    "contact_list_members",
    "contact_lists",
    "contacts",
    "databases",
    "decisions",
    "devices",
    "events",
    "findings",
    "histories",
    "identities",
    "inbox_messages",
    "kept_apart",
    "ledger_checkpoints",
    "ledger_entries",
    "ledger_events",
    "ledger_heads",
    "ledger_payloads",
    "ledger_seals",
    "ledger_tiles",
    "lookup_keys",
    "merge_comments",
    "merge_executions",
    "merge_requesters",
    "merge_revisions",
    "merges",
    "metadata",
    "outbox",
    "people",
    "policies",
    "qualifiers",
    "reveals",
    "roles",
    "sessions",
    "sign_in_failures",
    "tokens",
]
