"""All tables in one place, for migrations and tests."""

from app.database import Base
from app.records import (
    accounts,
    alerts,
    automation,
    channels,
    escalations,
    factors,
    idempotency,
    incidents,
    maintenance,
    oncall,
    operations,
    outbox,
    subscriptions,
)

__all__ = [
    "accounts",
    "alerts",
    "automation",
    "channels",
    "escalations",
    "factors",
    "idempotency",
    "incidents",
    "maintenance",
    "metadata",
    "oncall",
    "operations",
    "outbox",
    "subscriptions",
]

metadata = Base.metadata
