"""Escalations: whom to page one after the other, and what became of it.

Revision 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "escalation_chains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False, comment="steps, hours, urgency: see escalations/plan.py"),
        sa.Column("is_default", sa.Boolean(), nullable=False, comment="of incidents that no route leads elsewhere"),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_escalation_chains"),
        sa.UniqueConstraint("name", name="uq_escalation_chains_name"),
    )
    op.create_table(
        "escalation_routes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="they are asked in this order"),
        sa.Column("matchers", sa.JSON(), nullable=False, comment="name, op, value; all must hold"),
        sa.Column("chain_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["chain_id"], ["escalation_chains.id"], name="fk_escalation_routes_chain_id_escalation_chains"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_escalation_routes"),
    )
    op.create_index("ix_escalation_routes_chain_id", "escalation_routes", ["chain_id"])
    _make_escalations()
    _make_pages()
    column: sa.Column[bool] = sa.Column(
        "has_chain",
        sa.Boolean(),
        server_default=sa.false(),
        nullable=False,
        comment="people are paged for it by a chain, not by lists",
    )
    op.add_column("incidents", column)


def _make_escalations() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.Integer(), nullable=True),
        sa.Column("chain_name", sa.String(length=80), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False, comment="the chain as it was then"),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("is_called", sa.Boolean(), nullable=False, comment="a person asked for help: nothing holds it"),
        sa.Column("step", sa.Integer(), nullable=False, comment="the step that comes next, counted from 0"),
        sa.Column("round", sa.Integer(), nullable=False, comment="how often the chain was gone through before"),
        sa.Column("begun_at", AT, nullable=False),
        sa.Column("due_at", AT, nullable=False, comment="when a worker looks at it next"),
        sa.Column("set_at", AT, nullable=False, comment="by the clock that due_at goes by"),
        sa.Column("step_at", AT, nullable=True, comment="the next step comes no sooner: an answer may come"),
        sa.Column("paged_at", AT, nullable=True, comment="the first page"),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("why", sa.String(length=32), nullable=False, comment="what it waits for, in one word"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it waits or ended, in a sentence"),
        sa.Column("latest_at", AT, nullable=True, comment="when the next page leaves at the latest"),
        sa.Column("next_whom", sa.String(length=200), nullable=False, comment="whom that page is for"),
        sa.Column("joined_to", sa.Integer(), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True, comment="who answered a page of it"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_escalations_incident_id_incidents"),
        sa.ForeignKeyConstraint(
            ["chain_id"],
            ["escalation_chains.id"],
            name="fk_escalations_chain_id_escalation_chains",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["joined_to"], ["escalations.id"], name="fk_escalations_joined_to_escalations"),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
    )
    op.create_index("ix_escalations_state_due", "escalations", ["state", "due_at"])
    op.create_index("ix_escalations_chain_state", "escalations", ["chain_id", "state"])
    for name in ("incident_id", "ended_at", "joined_to"):
        op.create_index(f"ix_escalations_{name}", "escalations", [name])


def _make_pages() -> None:
    op.create_table(
        "escalation_pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("escalation_id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("is_sent", sa.Boolean(), nullable=False, comment="not, where it was over the person's cap"),
        sa.Column("key", sa.String(length=32), nullable=False, comment="what the link in the page carries"),
        sa.Column("answered_at", AT, nullable=True, comment="when the link was used"),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name="fk_escalation_pages_escalation_id_escalations"
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_escalation_pages_incident_id_incidents"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_escalation_pages_user_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_escalation_pages"),
        sa.UniqueConstraint(
            "escalation_id", "round", "step", "user_id", name="uq_escalation_pages_escalation_id_round_step_user_id"
        ),
        sa.UniqueConstraint("key", name="uq_escalation_pages_key"),
    )
    op.create_index("ix_escalation_pages_user_at", "escalation_pages", ["user_id", "at"])
    op.create_index("ix_escalation_pages_incident_id", "escalation_pages", ["incident_id"])


def downgrade() -> None:
    """Take the change back."""
    op.drop_column("incidents", "has_chain")
    for table in ("escalation_pages", "escalations", "escalation_routes", "escalation_chains"):
        op.drop_table(table)
