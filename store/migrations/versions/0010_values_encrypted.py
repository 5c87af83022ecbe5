"""The values beside the ledger's entries are encrypted, under a key for each contact"""

from typing import Any

import sqlalchemy as sa
from alembic import context, op

from ledger.encryption import data_key_place, encrypt_payload, new_data_key, wrap
from ledger.entry import Payload
from ledger.keyring import Keyring

revision = "0010"
down_revision = "0009"

_BATCH = 1000
# One contact's after another's, so that one key at a time is enough.
_PAYLOADS = sa.text("""
    SELECT database_id, seq, part, contact_id, salt, content FROM ledger_payloads ORDER BY database_id, contact_id
""")
_KEY = sa.text("""
    INSERT INTO contact_keys (database_id, contact_id, key_id, wrapped)
    VALUES (:database_id, :contact_id, :key_id, :wrapped)
""")
_ENCRYPT = sa.text("""
    UPDATE ledger_payloads SET encrypted = :encrypted WHERE database_id = :database_id AND seq = :seq AND part = :part
""")


def upgrade() -> None:
    op.create_table(
        "contact_keys",
        sa.Column("database_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True, comment="null: of no known contact"),
        sa.Column("key_id", sa.Text(), nullable=False, comment="which configured key wraps it"),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="contact_keys_contact_id_fkey"),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name="contact_keys_database_id_fkey"),
        sa.UniqueConstraint(
            "database_id",
            "contact_id",
            name="contact_keys_database_id_contact_id_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.add_column("ledger_payloads", sa.Column("encrypted", sa.LargeBinary(), nullable=True))
    _encrypt_payloads(op.get_bind(), context.config.attributes["ledger_keys"])
    op.alter_column("ledger_payloads", "encrypted", nullable=False)
    op.drop_column("ledger_payloads", "salt")
    op.drop_column("ledger_payloads", "content")


def _encrypt_payloads(connection: sa.Connection, keyring: Keyring) -> None:
    owner, key = None, b""
    for batch in connection.execute(_PAYLOADS, execution_options={"yield_per": _BATCH}).partitions():
        encrypted = []
        for row in batch:
            if owner != (row.database_id, row.contact_id):
                owner, key = (row.database_id, row.contact_id), _make_key(connection, keyring, row)
            place = {"database_id": row.database_id, "seq": row.seq, "part": row.part}
            payload = Payload(row.contact_id, row.salt, row.content)
            encrypted.append({**place, "encrypted": encrypt_payload(key, **place, payload=payload)})
        connection.execute(_ENCRYPT, encrypted)


def _make_key(connection: sa.Connection, keyring: Keyring, row: sa.Row[Any]) -> bytes:
    key = new_data_key()
    key_id, wrapped = wrap(keyring, data_key_place(row.database_id, row.contact_id), key)
    owner = {"database_id": row.database_id, "contact_id": row.contact_id}
    connection.execute(_KEY, {**owner, "key_id": key_id, "wrapped": wrapped})
    return key
