"""Alerts that differ only in labels of their exporter are one trouble, and one incident.

Revision 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column(
        "incidents",
        sa.Column(
            "identity",
            sa.String(length=64),
            nullable=True,
            comment="what alerts of the same trouble share; mostly the fingerprint",
        ),
    )
    op.execute("UPDATE incidents SET identity = fingerprint")
    op.create_index("ix_incidents_identity_id", "incidents", ["identity", "id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_incidents_identity_id", "incidents")
    op.drop_column("incidents", "identity")
