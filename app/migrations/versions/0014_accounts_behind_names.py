"""The account behind each name: who planned or ended maintenance, invited somebody, paused the automation.

Revision 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WITH_ID = {
    "maintenance_windows": ("created_by", "ended_by"),
    "invitations": ("invited_by",),
}
WITH_ADDRESS = WITH_ID | {"automation_control": ("changed_by",)}


def upgrade() -> None:
    """Apply the change. Rows of before keep a name only: a name alone does not tell whose it was."""
    for table, names in WITH_ID.items():
        for name in names:
            op.add_column(table, sa.Column(f"{name}_id", sa.Integer(), comment="the account, if a person"))
    for table, names in WITH_ADDRESS.items():
        for name in names:
            op.add_column(
                table, sa.Column(f"{name}_email", sa.String(254), comment="its address at that time")
            )


def downgrade() -> None:
    """Take the change back."""
    for table, names in WITH_ADDRESS.items():
        for name in names:
            op.drop_column(table, f"{name}_email")
    for table, names in WITH_ID.items():
        for name in names:
            op.drop_column(table, f"{name}_id")
