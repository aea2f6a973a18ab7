"""Indexes for the numbers of a long period, and for the other incidents of the same alert.

Revision 0009, after 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_alert_events_fingerprint_seq": ("alert_events", ["fingerprint", "seq", "status", "received_at"]),
    "ix_alert_events_status_received": ("alert_events", ["status", "received_at"]),
    "ix_incidents_fingerprint_id": ("incidents", ["fingerprint", "id"]),
    "ix_timeline_events_incident_kind": ("timeline_events", ["incident_id", "kind", "at"]),
}


def upgrade() -> None:
    """Apply the change."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Take the change back."""
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
