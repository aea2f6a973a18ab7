"""Logging: JSON lines on stderr, UTC times, no secrets."""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger


def configure_logging(level: str, **fixed: object) -> None:
    """Send structured logs of at least `level` to stderr, each with the `fixed` fields."""

    def add_fixed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**fixed, **event}

    structlog.configure(
        processors=[
            add_fixed,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
