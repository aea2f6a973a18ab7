"""All operations of the API, gathered on its blueprint."""

from app.api import (
    alerts,
    automation,
    escalations,
    health,
    heartbeats,
    incidents,
    maintenance,
    oncall,
    openapi,
    outgoing,
    people,
    relations,
    reports,
    reviews,
    stats,
)
from app.api.operations import bp

__all__ = [
    "alerts",
    "automation",
    "bp",
    "escalations",
    "health",
    "heartbeats",
    "incidents",
    "maintenance",
    "oncall",
    "openapi",
    "outgoing",
    "people",
    "relations",
    "reports",
    "reviews",
    "stats",
]
