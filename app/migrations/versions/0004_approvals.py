"""Runs that wait for a person's word, the version of the instructions, and what shadow mode would have done.

Revision 0004, after 0003.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("episode", sa.String(length=128), nullable=False),
        sa.Column("remedy", sa.String(length=200), nullable=True),
        sa.Column("playbook", sa.String(length=200), nullable=True),
        sa.Column("target", sa.JSON(), nullable=True),
        sa.Column("command", sa.Text(), nullable=False, comment="what will run"),
        sa.Column("preview", sa.Text(), nullable=False, comment="the output of the same in check mode"),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_approvals_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    for column in ("incident_id", "episode", "decided_at"):
        op.create_index(op.f(f"ix_approvals_{column}"), "approvals", [column])
    moment = sa.DateTime(timezone=True)
    op.add_column(
        "decisions",
        sa.Column("would_run_at", moment, nullable=True, comment="in shadow mode: when it would have run"),
    )
    op.add_column(
        "decisions",
        sa.Column(
            "verify_within_s",
            sa.Double(),
            nullable=True,
            comment="in shadow mode: how long a repair may take",
        ),
    )
    op.add_column("automation_control", sa.Column("reason", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "automation_control",
        sa.Column(
            "version",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="grows with each change of the instructions",
        ),
    )
    _make_the_one_row()


def _make_the_one_row() -> None:
    """Two people who pause at the same moment must lock the same row."""
    control = sa.table(
        "automation_control",
        sa.column("id", sa.Integer()),
        sa.column("is_paused", sa.Boolean()),
        sa.column("changed_by", sa.String()),
        sa.column("changed_at", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    if connection.scalar(sa.select(sa.func.count()).select_from(control)) == 0:
        row = {"id": 1, "is_paused": False, "changed_by": "", "changed_at": datetime.now(UTC)}
        connection.execute(control.insert().values(**row))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("automation_control", "version")
    op.drop_column("automation_control", "reason")
    op.drop_column("decisions", "verify_within_s")
    op.drop_column("decisions", "would_run_at")
    op.drop_table("approvals")
