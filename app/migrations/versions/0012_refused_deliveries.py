"""Deliveries that the webhook refused, so that the list of incidents can tell.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column(
        "journal_cursor",
        sa.Column(
            "refused_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the webhook last refused a delivery for good",
        ),
    )
    op.add_column(
        "journal_cursor",
        sa.Column(
            "refused_for", sa.String(length=32), nullable=True, comment="why: invalid, unauthorized …"
        ),
    )


def downgrade() -> None:
    """Take the change back."""
    for column in ("refused_for", "refused_at"):
        op.drop_column("journal_cursor", column)
