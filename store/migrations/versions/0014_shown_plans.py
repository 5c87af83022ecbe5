"""What an event commits to, beside it and encrypted"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_COMMENT = "what its detail commits to; null: nothing"


def upgrade() -> None:
    op.add_column("ledger_events", sa.Column("encrypted", sa.LargeBinary, comment=_COMMENT))
