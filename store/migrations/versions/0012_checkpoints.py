"""Checkpoints over the chains, and how it goes with the places they are written to"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_TIME = sa.DateTime(timezone=True)
_NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "ledger_checkpoints",
        sa.Column("database_id", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.Text, nullable=False, comment="the installation's name and the database"),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("database_id", "origin", "size", name="ledger_checkpoints_pkey"),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name="ledger_checkpoints_database_id_fkey"),
    )
    op.create_index("ledger_checkpoints_at_idx", "ledger_checkpoints", ["database_id", "at"])
    op.create_table(
        "ledger_tiles",
        sa.Column("database_id", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False, comment="from 0"),
        sa.Column("root", sa.LargeBinary, nullable=False, comment="of the tree over its 1,024 entries"),
        sa.PrimaryKeyConstraint("database_id", "origin", "number", name="ledger_tiles_pkey"),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name="ledger_tiles_database_id_fkey"),
    )
    op.create_table(
        "checkpoint_places",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seen", _TIME, server_default=_NOW, nullable=False, comment="when a signer last told of it"),
        sa.Column("failing_since", _TIME),
        sa.Column("fault", sa.Text),
        sa.PrimaryKeyConstraint("name", name="checkpoint_places_pkey"),
        comment="as the signer's settings name them",
    )
    op.create_table(
        "checkpoint_refusals",
        sa.Column("database_id", sa.BigInteger, nullable=False),
        sa.Column("doubt", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("since", _TIME, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("database_id", name="checkpoint_refusals_pkey"),
        sa.ForeignKeyConstraint(["database_id"], ["databases.id"], name="checkpoint_refusals_database_id_fkey"),
        comment="chains that nothing is signed over now",
    )
