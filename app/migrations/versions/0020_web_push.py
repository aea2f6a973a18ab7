"""The key pair by which push services know this installation.

Revision 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "web_push_keys",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("public", sa.String(length=100), nullable=False, comment="base64url, as browsers take it"),
        sa.Column("sealed", sa.Text(), nullable=False, comment="the private key, PEM"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_web_push_keys"),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("web_push_keys")
