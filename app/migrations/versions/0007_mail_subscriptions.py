"""Which mails a person wants; mails that are collected into digests.

Revision 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CHOICES = ("reach", "opened", "resolved", "escalated", "gave_up")


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "mail_subscriptions",
        sa.Column("user_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(length=32), nullable=False) for name in CHOICES),
        sa.Column("is_collected", sa.Boolean(), nullable=False, comment="news comes in digests only"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mail_subscriptions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_mail_subscriptions")),
    )
    # In words that both databases know: batch mode would make the table anew on SQLite (see 0005).
    op.execute(
        "ALTER TABLE outbox_messages ADD COLUMN digest_id INTEGER "
        "CONSTRAINT fk_outbox_messages_digest_id_outbox_messages REFERENCES outbox_messages (id)"
    )
    op.add_column(
        "outbox_messages",
        sa.Column(
            "unsubscribe_url", sa.String(length=500), nullable=True, comment="ends such mails by one click"
        ),
    )
    op.create_index(op.f("ix_outbox_messages_digest_id"), "outbox_messages", ["digest_id"])
    op.create_index("ix_outbox_messages_recipient_sent", "outbox_messages", ["recipient", "sent_at"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("ix_outbox_messages_recipient_sent", "outbox_messages")
    op.drop_index(op.f("ix_outbox_messages_digest_id"), "outbox_messages")
    with op.batch_alter_table("outbox_messages") as table:
        table.drop_constraint(
            op.f("fk_outbox_messages_digest_id_outbox_messages"), type_="foreignkey"
        )
        table.drop_column("unsubscribe_url")
        table.drop_column("digest_id")
    op.drop_table("mail_subscriptions")
