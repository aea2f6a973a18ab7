"""Why a run ended as it did, how many tasks it had, when it was last heard of; places on the timeline.

Revision 0013, after 0012.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RUNS: dict[str, sa.types.TypeEngine[Any]] = {
    "reason": sa.String(32),
    "detail": sa.Text(),
    "task_counts": sa.JSON(),
    "tasks_cut": sa.Text(),
    "heard_at": sa.DateTime(timezone=True),
}


def upgrade() -> None:
    """Apply the change."""
    for name, kind in RUNS.items():
        op.add_column("runs", sa.Column(name, kind))
    op.create_index("ix_runs_state_received", "runs", ["state", "received_at"])
    op.add_column("timeline_events", sa.Column("ordered_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("timeline_events", "ordered_at")
    op.drop_index("ix_runs_state_received", "runs")
    for name in RUNS:
        op.drop_column("runs", name)
