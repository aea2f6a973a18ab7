"""The worker opens an incident while no alert can arrive.

Revision 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENTS = (
    ("watchdog_at", "when Prometheus last sent the alert that always fires, as far as the webhook knows"),
    ("silent_since", None),
)


def upgrade() -> None:
    """Apply the change."""
    for name, comment in MOMENTS:
        moment = sa.Column(name, sa.DateTime(timezone=True), nullable=True, comment=comment)
        op.add_column("journal_cursor", moment)
    cause = sa.Column("silence", sa.String(length=32), nullable=True, comment="none: alerts can arrive")
    op.add_column("journal_cursor", cause)
    op.execute(
        "ALTER TABLE journal_cursor ADD COLUMN silence_incident_id INTEGER "
        "CONSTRAINT fk_journal_cursor_silence_incident_id_incidents REFERENCES incidents (id)"
    )


def downgrade() -> None:
    """Take the change back."""
    with op.batch_alter_table("journal_cursor") as table:
        table.drop_constraint("fk_journal_cursor_silence_incident_id_incidents", type_="foreignkey")
        for name in ("silence_incident_id", "silent_since", "silence", "watchdog_at"):
            table.drop_column(name)
