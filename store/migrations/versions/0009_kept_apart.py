"""Pairs that are kept apart, under the name that API and pages give them"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.rename_table("never_merge", "kept_apart")
    op.execute("ALTER SEQUENCE never_merge_id_seq RENAME TO kept_apart_id_seq")
    # Found, not listed: PostgreSQL 18 has names for NOT NULL too.
    op.execute("""
        DO $$ DECLARE old text; BEGIN
          FOR old IN SELECT conname FROM pg_constraint WHERE conrelid = 'kept_apart'::regclass LOOP
            EXECUTE format('ALTER TABLE kept_apart RENAME CONSTRAINT %I TO %I',
                           old, replace(old, 'never_merge', 'kept_apart'));
          END LOOP;
          FOR old IN SELECT indexname FROM pg_indexes WHERE tablename = 'kept_apart' AND indexname LIKE 'never_merge%'
          LOOP
            EXECUTE format('ALTER INDEX %I RENAME TO %I', old, replace(old, 'never_merge', 'kept_apart'));
          END LOOP;
        END $$
    """)
