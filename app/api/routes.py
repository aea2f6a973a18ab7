"""All operations of the API, gathered on its blueprint."""

from app.api import (
    automation,
    health,
    incidents,
    maintenance,
    openapi,
    people,
    relations,
    remediation,
    reports,
    reviews,
    stats,
)
from app.api.operations import bp

__all__ = [
    "automation",
    "bp",
    "health",
    "incidents",
    "maintenance",
    "openapi",
    "people",
    "relations",
    "remediation",
    "reports",
    "reviews",
    "stats",
]
