"""All operations of the API, gathered on its blueprint."""

from app.api import automation, incidents, openapi, people, remediation, reports, stats
from app.api.operations import bp

__all__ = [
    "automation",
    "bp",
    "incidents",
    "openapi",
    "people",
    "remediation",
    "reports",
    "stats",
]
