"""Bounded waits: a change is told once, notices are purged, and who joins early is recorded"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
        DELETE FROM outbox o USING outbox first
        WHERE o.kind = 'plan_anew' AND o.attempts = 0 AND first.kind = 'plan_anew' AND first.attempts = 0
        AND o.merge_id = first.merge_id AND o.id > first.id
    """)
    op.create_index(
        "outbox_plan_anew_key",
        "outbox",
        ["merge_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'plan_anew' AND attempts = 0"),
    )
    op.create_index(op.f("outbox_merge_id_kind_idx"), "outbox", ["merge_id", "kind"], unique=False)
    op.create_index("outbox_ended_idx", "outbox", [sa.text("coalesce(sent, given_up)")], unique=False)
    op.drop_constraint("merge_requesters_merge_id_fkey", "merge_requesters", type_="foreignkey")
    op.alter_column("merge_requesters", "merge_id", comment="may not be stored yet: its run has begun")
