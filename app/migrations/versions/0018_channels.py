"""Channels beside mail: contact methods of people, outgoing webhooks, and one outbox for all of them.

Revision 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "contact_methods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False, comment="where messages go, with what is needed to send there"),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("proved_at", AT, nullable=True, comment="when the code that came by it was entered"),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_ends_at", AT, nullable=True),
        sa.Column("code_tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_contact_methods_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_contact_methods"),
        sa.UniqueConstraint("user_id", "name", name="uq_contact_methods_user_id_name"),
    )
    op.create_table(
        "notification_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.String(length=32), nullable=False),
        sa.Column("method_id", sa.Integer(), nullable=True, comment="none: mail"),
        sa.Column("after_s", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_notification_rules_user_id_users", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["method_id"],
            ["contact_methods.id"],
            name="fk_notification_rules_method_id_contact_methods",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notification_rules"),
    )
    op.create_index("ix_notification_rules_user_id", "notification_rules", ["user_id"])
    op.create_table(
        "quiet_hours",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begin_minute", sa.Integer(), nullable=False, comment="of the day, by the person's own clock"),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_quiet_hours_user_id_users", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name="pk_quiet_hours"),
    )
    op.create_table(
        "outgoing_webhooks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False, comment="of the address, which is sealed"),
        sa.Column("url_sealed", sa.Text(), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_webhooks"),
        sa.UniqueConstraint("name", name="uq_outgoing_webhooks_name"),
    )
    channel = sa.Column("channel", sa.String(length=32), server_default="mail", nullable=False, comment="by which it leaves")
    op.add_column("outbox_messages", channel)
    op.add_column("outbox_messages", sa.Column("payload", sa.JSON(), nullable=True, comment="what the channel needs beside words"))
    reference = sa.Column("reference", sa.String(length=64), nullable=True, comment="what its writer knows it by")
    op.add_column("outbox_messages", reference)
    for column, table in (("method_id", "contact_methods"), ("hook_id", "outgoing_webhooks")):
        op.execute(
            f"ALTER TABLE outbox_messages ADD COLUMN {column} INTEGER "
            f"CONSTRAINT fk_outbox_messages_{column}_{table} REFERENCES {table} (id)"
        )
    op.create_index("ix_outbox_messages_channel_state_next", "outbox_messages", ["channel", "state", "next_at"])
    op.create_index("ix_outbox_messages_hook_id", "outbox_messages", ["hook_id", "id"])
    op.create_index("ix_outbox_messages_method_id", "outbox_messages", ["method_id"])
    op.create_index("ix_outbox_messages_reference", "outbox_messages", ["reference"])


def downgrade() -> None:
    """Take the change back. What waits for another channel than mail is forgotten: nobody could send it."""
    op.execute("DELETE FROM outbox_messages WHERE channel <> 'mail'")
    for name in ("channel_state_next", "hook_id", "method_id", "reference"):
        op.drop_index(f"ix_outbox_messages_{name}", table_name="outbox_messages")
    with op.batch_alter_table("outbox_messages") as table:
        table.drop_constraint("fk_outbox_messages_method_id_contact_methods", type_="foreignkey")
        table.drop_constraint("fk_outbox_messages_hook_id_outgoing_webhooks", type_="foreignkey")
        for name in ("method_id", "hook_id", "reference", "payload", "channel"):
            table.drop_column(name)
    for name in ("notification_rules", "quiet_hours", "contact_methods", "outgoing_webhooks"):
        op.drop_table(name)
