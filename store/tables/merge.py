"""Merges: what was asked, planned, decided and done, and what waits to be sent about it."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from store.tables.schema import NOW, TIME, metadata

merges = Table(
    "merges",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text),
    Column("requested", TIME, nullable=False, server_default=NOW),
    Column("settled", TIME),
    Column("requester", ForeignKey("tokens.id"), nullable=False),
    Column("workflow_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("qualifier", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("identity_name", Text, nullable=False),
    Column("identity_value", Text, nullable=False),
    Column("use_crm_contact_as_winner", Boolean, nullable=False),
    Column("merge_events", Boolean, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("device_snapshot", JSONB),
    Column("lookup_snapshot", JSONB),
    Column("survivor_id", ForeignKey("contacts.id")),
    Column("absorbed_id", ForeignKey("contacts.id")),
    Column("winner_channel_identifier", Text),
    Column("ledger_seq", BigInteger),
    Column("ledger_hash", LargeBinary),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    Column("reasons", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="why a person was asked"),
    Column("deadline", TIME, comment="set when a person was first asked"),
    Column("claimed_by", ForeignKey("people.id")),
    Column("claimed", TIME),
    Column("decision_id", ForeignKey("decisions.id", use_alter=True), comment="the decision that took effect"),
    Column("archived", TIME, comment="when all its histories were"),
    CheckConstraint("state IN ('preparing', 'pending_approval', 'merging', 'done')", name="state"),
    CheckConstraint("(state = 'done') = (outcome IS NOT NULL)", name="outcome"),
    Index("merges_page_idx", "database_id", "requested", "id"),
    Index("merges_pending_idx", "database_id", "deadline", postgresql_where=text("state = 'pending_approval'")),
    # Asked at every change of a contact: which merges that wait for a person were planned on it.
    *(
        Index(
            f"merges_pending_{contact}_contact_idx",
            text(f"({contact}_snapshot ->> 'id')"),
            postgresql_where=text("state = 'pending_approval'"),
        )
        for contact in ("device", "lookup")
    ),
    # Asked by auditors: every merge that a contact had to do with.
    *(
        Index(f"merges_{contact}_contact_idx", text(f"({contact}_snapshot ->> 'id')"))
        for contact in ("device", "lookup")
    ),
    Index("merges_absorbed_idx", "absorbed_id", postgresql_where=text("absorbed_id IS NOT NULL")),
    Index(
        "merges_unarchived_idx",
        "settled",
        "id",
        postgresql_where=text("state = 'done' AND archived IS NULL"),
    ),
    Index("merges_decided_idx", "settled", postgresql_where=text("state = 'done' AND deadline IS NOT NULL")),
    # What people search the inbox by, of the merges that a person was asked about.
    *(
        Index(f"merges_asked_{name}_idx", text(sought), postgresql_where=text("deadline IS NOT NULL"))
        for name, sought in (
            ("identity", "identity_value"),
            ("muid", "split_part(destination, '|', 1)"),
            ("device_email", "lower(device_snapshot ->> 'email')"),
            ("lookup_email", "lower(lookup_snapshot ->> 'email')"),
        )
    ),
    *(
        Index(
            f"merges_asked_{contact}_identities_idx",
            text(f"({contact}_snapshot -> 'identities')"),
            postgresql_using="gin",
            postgresql_where=text("deadline IS NOT NULL"),
        )
        for contact in ("device", "lookup")
    ),
)

merge_executions = Table(
    "merge_executions",
    metadata,
    Column("merge_id", Uuid, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("claimed", TIME, nullable=False, server_default=NOW),
    comment="who inserts a merge's id here settles it, in the same transaction: never twice",
)

merge_revisions = Table(
    "merge_revisions",
    metadata,
    Column("merge_id", ForeignKey("merges.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("cause", Text, nullable=False),
    Column("plan", JSONB, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("device_snapshot", JSONB),
    Column("lookup_snapshot", JSONB),
    Column("created", TIME, nullable=False, server_default=NOW),
    CheckConstraint("cause IN ('requested', 'decided-on-another', 'contacts-changed')", name="cause"),
    comment="what people were shown, one row for each plan",
)

merge_requesters = Table(
    "merge_requesters",
    metadata,
    Column("merge_id", Uuid, primary_key=True, comment="may not be stored yet: its run has begun"),
    Column("token_id", ForeignKey("tokens.id"), primary_key=True),
    Column("joined", TIME, nullable=False, server_default=NOW),
    comment="who asked for it, and who joined the open request",
)

merge_comments = Table(
    "merge_comments",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("merge_id", ForeignKey("merges.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", TIME, nullable=False, server_default=NOW),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("merge_id", ForeignKey("merges.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("plan_digest", Text, nullable=False, comment="of the plan that was seen"),
    Column("reason", Text),
    Column("not_same_person", Boolean, nullable=False, server_default=text("false")),
    Column("person_id", ForeignKey("people.id"), comment="null: a service withdrew its own request"),
    Column("token_id", ForeignKey("tokens.id"), nullable=False),
    Column("at", TIME, nullable=False, server_default=text("clock_timestamp()")),
    Column("refused", Text, comment="why it had no effect when it was acted on, and never has one"),
    CheckConstraint("kind IN ('approve', 'reject', 'withdraw')", name="kind"),
    CheckConstraint("kind = 'withdraw' OR person_id IS NOT NULL", name="person"),
    comment="what somebody decided; merges.decision_id names the one that took effect",
)

kept_apart = Table(
    "kept_apart",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("contact_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("other_id", ForeignKey("contacts.id"), nullable=False, index=True),
    Column("decision_id", ForeignKey("decisions.id"), nullable=False),
    Column("created", TIME, nullable=False, server_default=NOW),
    Column("lifted", TIME),
    Column("lifted_by", ForeignKey("people.id")),
    Index("kept_apart_standing_idx", "database_id", postgresql_where=text("lifted IS NULL")),
    comment="pairs that are not the same person; where one is absorbed, its survivor takes its place",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    Column("kind", Text, nullable=False, comment="merge.pending, merge.planned_anew, merge.reminder, or plan_anew"),
    Column("merge_id", ForeignKey("merges.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("person_id", ForeignKey("people.id"), comment="whom an e-mail is for"),
    Column("created", TIME, nullable=False, server_default=NOW),
    Column("due", TIME, nullable=False, server_default=NOW),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("sent", TIME),
    Column("given_up", TIME),
    CheckConstraint("channel IN ('email', 'webhook', 'workflow')", name="channel"),
    Index("outbox_due_idx", "due", postgresql_where=text("sent IS NULL AND given_up IS NULL")),
    Index("outbox_ended_idx", text("coalesce(sent, given_up)")),
    Index(None, "merge_id", "kind"),
    Index(
        "outbox_plan_anew_key",
        "merge_id",
        unique=True,
        postgresql_where=text("kind = 'plan_anew' AND attempts = 0"),
    ),
    comment="what leaves after a commit: written in its transaction, sent at least once by the relay",
)
