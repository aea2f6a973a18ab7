"""Second factors, recovery codes, and log-ins that wait for their second step.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _of_user(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    name = op.f(f"fk_{table}_user_id_users")
    return (
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="CASCADE"),
    )


def upgrade() -> None:
    """Apply the change."""
    op.add_column(
        "login_sessions",
        sa.Column(
            "factor_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a second factor was proved last",
        ),
    )
    op.add_column(
        "api_tokens",
        sa.Column(
            "factor_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a person's: the second factor behind it",
        ),
    )
    op.create_table(
        "factors",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of_user("factors"),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True, comment="app: the shared secret, encrypted"),
        sa.Column(
            "last_step", sa.BigInteger(), nullable=True, comment="app: time step of the last code taken"
        ),
        sa.Column(
            "credential_id",
            sa.String(length=1364),
            nullable=True,
            comment="passkey: base64url, at most 1,023 bytes",
        ),
        sa.Column("public_key", sa.Text(), nullable=True, comment="passkey: COSE key, base64url"),
        sa.Column(
            "sign_count", sa.BigInteger(), nullable=True, comment="passkey: signatures it has counted"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factors")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_factors_credential_id")),
    )
    op.create_index(op.f("ix_factors_user_id"), "factors", ["user_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        *_of_user("recovery_codes"),
        sa.Column(
            "code_hash", sa.String(length=64), nullable=False, comment="SHA-256 of account and code"
        ),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"])
    op.create_table(
        "pending_log_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        *_of_user("pending_log_ins"),
        sa.Column("proved_by", sa.String(length=32), nullable=False, comment="the first step"),
        sa.Column("target", sa.Text(), nullable=False, comment="the page the person asked for"),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_log_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_pending_log_ins_token_hash")),
    )
    op.create_index(op.f("ix_pending_log_ins_user_id"), "pending_log_ins", ["user_id"])
    op.create_table(
        "used_challenges",
        sa.Column("challenge_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_used_challenges")),
    )
    op.create_index(op.f("ix_used_challenges_expires_at"), "used_challenges", ["expires_at"])


def downgrade() -> None:
    """Take the change back."""
    for table in ("used_challenges", "pending_log_ins", "recovery_codes", "factors"):
        op.drop_table(table)
    op.drop_column("api_tokens", "factor_at")
    op.drop_column("login_sessions", "factor_at")
