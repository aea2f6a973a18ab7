"""JSON lines on stdout, in UTC, with the request's id and without secrets."""

import logging
import re
import sys
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

SECRET_KEY_NAME = re.compile(r"password|passwd|secret|token|authorization|cookie|api_key|csrf", re.IGNORECASE)
URL_PASSWORD = re.compile(r"(?P<head>[a-z+]+://[^\s:/@]*:)[^\s@/]+@", re.IGNORECASE)
BEARER = re.compile(r"(?P<head>bearer\s+)\S+", re.IGNORECASE)
HIDDEN = "[hidden]"


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide the values of fields named like secrets, and passwords and bearer tokens inside any text."""
    return cast("EventDict", {key: _clean(key, value) for key, value in event.items()})


def _clean(key: str, value: object) -> object:
    if SECRET_KEY_NAME.search(key):
        return HIDDEN
    if isinstance(value, dict):
        return {inner: _clean(str(inner), item) for inner, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean("", item) for item in value]
    if isinstance(value, str):
        value = URL_PASSWORD.sub(rf"\g<head>{HIDDEN}@", value)
        return BEARER.sub(rf"\g<head>{HIDDEN}", value)
    return value


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's loggers as JSON lines to `stream`, by default stdout."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        ),
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("urllib3", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel("WARNING")
