"""Messages of the gate: JSON lines on stderr, UTC times."""

import logging
import sys

import structlog
from structlog.typing import Processor

_SHARED: tuple[Processor, ...] = (
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.processors.format_exc_info,
    structlog.processors.EventRenamer("message"),
)


def configure() -> None:
    """Send all messages (ours, asyncio's) to stderr, one JSON object per line."""
    renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*_SHARED, renderer], logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level="WARNING", force=True)
