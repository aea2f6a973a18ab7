"""Indexes with which lists and numbers take the same time however many incidents there are.

Revision 0006, after 0005.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_incidents_state_id": ("incidents", ["state", "id"]),
    "ix_incidents_opened_at": ("incidents", ["opened_at"]),
    "ix_incidents_resolved_at": ("incidents", ["resolved_at"]),
    "ix_decisions_decided_at": ("decisions", ["decided_at"]),
    "ix_runs_remedy_received": ("runs", ["remedy", "received_at"]),
}


def upgrade() -> None:
    """Apply the change."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Take the change back."""
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
