"""Indexes for the newest runs and decisions, and for the runs of a period.

Revision 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_decisions_received_id": ("decisions", ["received_at", "id"]),
    "ix_runs_received_id": ("runs", ["received_at", "id"]),
    "ix_runs_started_at": ("runs", ["started_at"]),
    "ix_runs_verdict_at": ("runs", ["verdict_at"]),
}


def upgrade() -> None:
    """Apply the change."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Take the change back."""
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
