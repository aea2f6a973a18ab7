"""What was told of schedules: gaps to leads, and handovers.

Revision 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply the change."""
    op.add_column(
        "schedules",
        sa.Column("handed_over_at", AT, nullable=True, comment="the last handover that its people were told of"),
    )
    op.create_table(
        "gap_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False, comment="of the week by the schedule's clock, when it begins"),
        sa.Column("length_s", sa.Integer(), nullable=False, comment="0: no end is known"),
        sa.Column("starts_at", AT, nullable=False, comment="the last one of this kind that was seen"),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name="fk_gap_notices_schedule_id_schedules", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_gap_notices"),
        sa.UniqueConstraint("schedule_id", "minute", "length_s", name="uq_gap_notices_schedule_id_minute_length_s"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("gap_notices")
    op.drop_column("schedules", "handed_over_at")
