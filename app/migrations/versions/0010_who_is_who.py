"""Who is who: proof of identity, unique names, confirmed addresses, and accounts in audit and approvals.

Revision 0010, after 0009.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _moment(name: str, comment: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True, comment=comment)


def _flag(name: str, comment: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false(), comment=comment)


def _columns() -> dict[str, list[sa.Column[Any]]]:
    return {
        "users": [
            _moment("signed_on_at", "last time the provider vouched"),
            sa.Column("name_key", sa.String(400), nullable=True, comment="the name, folded: see names.py"),
            _moment("email_confirmed_at", "when a link in a mail to the address was followed"),
            _moment("password_expires_at", "end of an initial password, which must be changed first of all"),
            _flag("is_break_glass", "may use a password where single sign-on is enforced"),
        ],
        "login_sessions": [
            _moment("proved_at", "when the person last proved who they are"),
            sa.Column("proved_by", sa.String(32), nullable=True, comment="how"),
        ],
        "api_tokens": [_flag("is_from_settings", "the program's own, kept by `migrate`")],
        "login_throttles": [_moment("refused_at", "when a refusal was last audited")],
        "audit_events": [
            sa.Column("actor_id", sa.Integer(), nullable=True, comment="the account of who did it, if a person"),
            sa.Column("actor_email", sa.String(254), nullable=True, comment="its address at that time"),
        ],
        "approvals": [
            sa.Column("decided_by_id", sa.Integer(), nullable=True, comment="the account of who answered"),
            sa.Column("decided_by_email", sa.String(254), nullable=True, comment="its address at that time"),
        ],
        "automation_control": [
            sa.Column("changed_by_id", sa.Integer(), nullable=True, comment="the account of who changed it"),
        ],
    }


MARK_THE_PROGRAMS_TOKEN = """
UPDATE api_tokens SET is_from_settings = true WHERE created_by_id IS NULL AND name = 'automation'
"""
DATE_THE_LAST_SIGN_ON = """
UPDATE users SET signed_on_at = last_login_at WHERE oidc_subject IS NOT NULL
"""
CONFIRM_WHOM_A_MAIL_REACHED = """
UPDATE users SET email_confirmed_at = (
    SELECT max(accepted_at) FROM invitations
    WHERE invitations.email = users.email AND (invited_by = '' OR mail_id IS NOT NULL)
)
"""


def upgrade() -> None:
    """Apply the change. Names get their keys from `migrate`, which knows how names are folded."""
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("uq_users_name_key", "users", ["name_key"], unique=True)
    op.execute(DATE_THE_LAST_SIGN_ON)
    op.execute(MARK_THE_PROGRAMS_TOKEN)
    op.execute(CONFIRM_WHOM_A_MAIL_REACHED)


def downgrade() -> None:
    """Take the change back."""
    op.drop_index("uq_users_name_key", "users")
    for table, columns in _columns().items():
        for column in columns:
            op.drop_column(table, column.name)
