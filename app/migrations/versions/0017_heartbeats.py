"""Heartbeats: jobs that are to be heard of.

Revision 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "heartbeats",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("service", sa.String(length=80), nullable=True),
        sa.Column("severity", sa.String(length=32), nullable=False, comment="of the incident it opens"),
        sa.Column("period_s", sa.Integer(), nullable=True, comment="between two pings; none: it has a cron expression"),
        sa.Column("cron", sa.String(length=100), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=False, comment="whose clock cron keeps to"),
        sa.Column("grace_s", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("ping_hash", sa.String(length=64), nullable=False),
        sa.Column("ping_sealed", sa.Text(), nullable=False),
        sa.Column("pings", sa.Integer(), nullable=False, comment="all that ever came"),
        sa.Column("last_ping_at", AT, nullable=True, comment="the last success or failure"),
        sa.Column("started_at", AT, nullable=True, comment="its job runs since then"),
        sa.Column("due_at", AT, nullable=True, comment="when the next ping is due; then the grace runs"),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_heartbeats_incident_id_incidents"),
        sa.PrimaryKeyConstraint("id", name="pk_heartbeats"),
        sa.UniqueConstraint("name", name="uq_heartbeats_name"),
        sa.UniqueConstraint("ping_hash", name="uq_heartbeats_ping_hash"),
    )
    op.create_index("ix_heartbeats_state_due", "heartbeats", ["state", "due_at"])
    op.create_table(
        "heartbeat_pings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("heartbeat_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 for the heartbeat's first"),
        sa.Column("at", AT, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("exit_status", sa.Integer(), nullable=True),
        sa.Column("run", sa.String(length=36), nullable=True, comment="which run of the job, a UUID"),
        sa.Column("duration_s", sa.Double(), nullable=True, comment="since the start of the same run"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["heartbeat_id"], ["heartbeats.id"], name="fk_heartbeat_pings_heartbeat_id_heartbeats", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_heartbeat_pings"),
        sa.UniqueConstraint("heartbeat_id", "number", name="uq_heartbeat_pings_heartbeat_id_number"),
    )
    op.create_table(
        "ping_arrivals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("heartbeat_id", sa.Integer(), nullable=False, comment="0: a web process began to listen"),
        sa.Column("at", AT, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("exit_status", sa.Integer(), nullable=True),
        sa.Column("run", sa.String(length=36), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ping_arrivals"),
    )
    watch = op.create_table(
        "heartbeat_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("judged_at", AT, nullable=True, comment="when a worker last looked"),
        sa.Column("heard_again_at", AT, nullable=True, comment="since when pings are heard, after a gap"),
        sa.Column("spool", sa.String(length=36), nullable=False, comment="which file of pings; SQLite only"),
        sa.Column("taken", sa.BigInteger(), nullable=False, comment="the last ping taken from that file"),
        sa.PrimaryKeyConstraint("id", name="pk_heartbeat_watch"),
    )
    op.bulk_insert(watch, [{"id": 1, "spool": "", "taken": 0}])


def downgrade() -> None:
    """Take the change back."""
    for table in ("heartbeat_watch", "ping_arrivals", "heartbeat_pings", "heartbeats"):
        op.drop_table(table)
