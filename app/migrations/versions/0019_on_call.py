"""Who is on call: teams, schedules with their layers, and overrides.

Revision 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "teams",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=True, comment="told of gaps, asked last"),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["users.id"], name="fk_teams_lead_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.UniqueConstraint("name", name="uq_teams_name"),
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_team_members_team_id_teams", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_team_members_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_team_members"),
    )
    op.create_index("ix_team_members_user_id", "team_members", ["user_id"])
    op.create_table(
        "schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False, comment="whose clock its layers keep to"),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_schedules_team_id_teams"),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sa.UniqueConstraint("name", name="uq_schedules_name"),
    )
    op.create_index("ix_schedules_team_id", "schedules", ["team_id"])
    _create_layers()
    _create_overrides()


def _create_layers() -> None:
    op.create_table(
        "schedule_layers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False, comment="which layer of the schedule it is, through all changes"),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False, comment="a higher layer wins"),
        sa.Column("zone", sa.String(length=64), nullable=False, comment="the schedule's when the row was made"),
        sa.Column("unit", sa.String(length=32), nullable=False, comment="hours, days or weeks"),
        sa.Column("every", sa.Integer(), nullable=False, comment="how many of them a turn lasts"),
        sa.Column("handover", sa.Integer(), nullable=False, comment="when turns change, in minutes of the day"),
        sa.Column("weekday", sa.Integer(), nullable=False, comment="on which day, 0 is Monday; only for weeks"),
        sa.Column("turns", sa.JSON(), nullable=False, comment="in order; each is a list of accounts"),
        sa.Column("first", sa.Integer(), nullable=False, comment="the number of the turn that it begins with"),
        sa.Column("restrictions", sa.JSON(), nullable=False, comment="weekdays, start and end in minutes"),
        sa.Column("starts_at", AT, nullable=False),
        sa.Column("ends_at", AT, nullable=True),
        sa.Column("replaced_at", AT, nullable=True, comment="when it was changed or removed"),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name="fk_schedule_layers_schedule_id_schedules", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_layers"),
    )
    op.create_index("ix_schedule_layers_schedule_end", "schedule_layers", ["schedule_id", "ends_at"])


def _create_overrides() -> None:
    op.create_table(
        "schedule_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False, comment="who takes over"),
        sa.Column("instead_of_id", sa.Integer(), nullable=True, comment="empty: from all"),
        sa.Column("starts_at", AT, nullable=False),
        sa.Column("ends_at", AT, nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True, comment="the account, if a person"),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedules.id"], name="fk_schedule_overrides_schedule_id_schedules", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_schedule_overrides_user_id_users"),
        sa.ForeignKeyConstraint(["instead_of_id"], ["users.id"], name="fk_schedule_overrides_instead_of_id_users"),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_overrides"),
    )
    op.create_index("ix_schedule_overrides_schedule_end", "schedule_overrides", ["schedule_id", "ends_at"])


def downgrade() -> None:
    """Take the change back."""
    for table in ("schedule_overrides", "schedule_layers", "schedules", "team_members", "teams"):
        op.drop_table(table)
