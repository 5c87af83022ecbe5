"""People, services and their tokens: who may do what, and who signed in."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from store.tables.schema import NOW, TIME, metadata

people = Table(
    "people",
    metadata,
    Column("id", BigInteger, Identity(start=100), primary_key=True),
    Column("email", Text, nullable=False, unique=True, comment="in lower case"),
    Column("name", Text, nullable=False),
    Column("created", TIME, nullable=False, server_default=NOW),
    Column("disabled", TIME),
    Column("password_hash", Text, comment="argon2id; null: no sign-in with a password"),
)

roles = Table(
    "roles",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("database_id", ForeignKey("databases.id"), comment="null: every database"),
    Column("given", TIME, nullable=False, server_default=NOW),
    UniqueConstraint("person_id", "role", "database_id", postgresql_nulls_not_distinct=True),
    CheckConstraint("role IN ('requester', 'specialist', 'auditor', 'admin')", name="role"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("owner", Text, nullable=False),
    Column("owner_kind", Text, nullable=False),
    Column("person_id", ForeignKey("people.id"), comment="whose it is, or who answers for the service that has it"),
    Column("scopes", ARRAY(Text), nullable=False, comment="of a service; a person's follow from their roles"),
    Column("database_ids", ARRAY(BigInteger), comment="null: every database"),
    Column("created", TIME, nullable=False, server_default=NOW),
    Column("expires", TIME, nullable=False),
    Column("revoked", TIME),
    CheckConstraint("owner_kind IN ('service', 'person')", name="owner_kind"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_id", ForeignKey("tokens.id"), primary_key=True),
    Column("last_seen", TIME, nullable=False, server_default=NOW),
    Column("authenticated", TIME, nullable=False, server_default=NOW, comment="when the password was last given"),
    Column("browser", Text, nullable=False, comment="as it named itself"),
    comment="a personal token that lives in a browser's cookie",
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("address_hash", LargeBinary, primary_key=True, comment="SHA-256 of what was typed, whoever has it"),
    Column("failures", Integer, nullable=False),
    Column("at", TIME, nullable=False, server_default=NOW, index=True, comment="of the last one"),
    Column("blocked_until", TIME),
    comment="wrong passwords since the last right one, by address",
)

reveals = Table(
    "reveals",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("token_id", ForeignKey("tokens.id"), nullable=False),
    Column("database_id", ForeignKey("databases.id"), nullable=False),
    Column("subject", Text, nullable=False, comment="contact or merge, and its id"),
    Column("at", TIME, nullable=False, server_default=NOW),
    Index(None, "person_id", "subject", "at"),
    comment="who looked at values that their role masks",
)
