"""Maintenance windows, saved views, links, merged duplicates, reviews, follow-ups, people's time zones.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply the change."""
    _make_windows()
    _make_views()
    _make_links()
    _make_follow_ups()
    _add_columns()
    _add_references()


def _add_columns() -> None:
    zone = sa.Column(
        "timezone",
        sa.String(length=64),
        server_default="UTC",
        nullable=False,
        comment="in which times are shown",
    )
    tags = sa.Column(
        "tags",
        sa.JSON(),
        server_default="{}",
        nullable=False,
        comment="labels that people gave it; the alert's own never change these",
    )
    op.add_column("users", zone)
    op.add_column("incidents", tags)
    for name, comment in (("summary", "afterwards: what happened"), ("cause", "afterwards: why")):
        column = sa.Column(name, sa.Text(), server_default="", nullable=False, comment=comment)
        op.add_column("incidents", column)
    op.create_index("ix_incidents_service_opened", "incidents", ["service", "opened_at"])


def _add_references() -> None:
    """Add two columns that refer to rows, in words that both databases know.

    Alembic's batch mode would make the tables anew on SQLite; that fails as soon as other rows refer to them.
    """
    op.execute(
        "ALTER TABLE incidents ADD COLUMN merged_into_id INTEGER "
        "CONSTRAINT fk_incidents_merged_into_id_incidents REFERENCES incidents (id)"
    )
    op.execute(
        "ALTER TABLE outbox_messages ADD COLUMN window_id INTEGER "
        "CONSTRAINT fk_outbox_messages_window_id_maintenance_windows REFERENCES maintenance_windows (id)"
    )
    op.create_index(op.f("ix_incidents_merged_into_id"), "incidents", ["merged_into_id"])
    op.create_index(op.f("ix_outbox_messages_window_id"), "outbox_messages", ["window_id"])


def _make_windows() -> None:
    op.create_table(
        "maintenance_windows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "comment", sa.String(length=500), nullable=False, comment="why; shown wherever the window acts"
        ),
        sa.Column("matchers", sa.JSON(), nullable=False, comment="name, op, value; all must hold"),
        sa.Column("starts_at", MOMENT, nullable=False, comment="of the first occurrence"),
        sa.Column("ends_at", MOMENT, nullable=False, comment="of the first occurrence"),
        sa.Column("is_weekly", sa.Boolean(), nullable=False),
        sa.Column("until", MOMENT, nullable=False, comment="nothing holds from here on"),
        sa.Column(
            "zone", sa.String(length=64), nullable=False, comment="whose clock a weekly window keeps to"
        ),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True, comment="who ended it early"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_windows")),
    )
    op.create_index("ix_maintenance_windows_until", "maintenance_windows", ["until"])


def _make_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_saved_views_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_views_user_id_name")),
    )


def _make_links() -> None:
    op.create_table(
        "incident_links",
        sa.Column("lower_id", sa.Integer(), nullable=False),
        sa.Column("higher_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["lower_id"], ["incidents.id"], name=op.f("fk_incident_links_lower_id_incidents")
        ),
        sa.ForeignKeyConstraint(
            ["higher_id"], ["incidents.id"], name=op.f("fk_incident_links_higher_id_incidents")
        ),
        sa.PrimaryKeyConstraint("lower_id", "higher_id", name=op.f("pk_incident_links")),
    )
    op.create_index(op.f("ix_incident_links_higher_id"), "incident_links", ["higher_id"])


def _make_follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_follow_ups_incident_id_incidents")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_follow_ups_owner_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
    )
    op.create_index(op.f("ix_follow_ups_incident_id"), "follow_ups", ["incident_id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index(op.f("ix_outbox_messages_window_id"), "outbox_messages")
    with op.batch_alter_table("outbox_messages") as table:
        table.drop_constraint(op.f("fk_outbox_messages_window_id_maintenance_windows"), type_="foreignkey")
        table.drop_column("window_id")
    op.drop_index("ix_incidents_service_opened", "incidents")
    op.drop_index(op.f("ix_incidents_merged_into_id"), "incidents")
    with op.batch_alter_table("incidents") as table:
        table.drop_constraint(op.f("fk_incidents_merged_into_id_incidents"), type_="foreignkey")
        for name in ("cause", "summary", "merged_into_id", "tags"):
            table.drop_column(name)
    with op.batch_alter_table("users") as table:
        table.drop_column("timezone")
    for name in ("follow_ups", "incident_links", "saved_views", "maintenance_windows"):
        op.drop_table(name)
