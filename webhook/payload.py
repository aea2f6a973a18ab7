"""What the webhook takes: Alertmanager's webhook message, version 4.

Contract: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. Unknown fields are
ignored, since Alertmanager adds some from time to time; everything that is read has a type and a limit.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from contract import limits
from contract.text import decoded

MAX_BODY_BYTES = limits.BODY_BYTES
MAX_ALERTS = limits.ALERTS
MAX_REASONS = 5
FIRST_YEAR = 1970

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_FNV_OFFSET = 14695981039346656037
_FNV_PRIME = 1099511628211


class InvalidPayloadError(ValueError):
    """The body is no message that can be accepted; ``reasons`` says why, one sentence per fault."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


def _no_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain the character NUL")
    return value


def _time(value: object) -> object:
    """Read an RFC 3339 time as UTC; Go's zero time means "not set"."""
    if value is None:
        return None
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("must be a time as in RFC 3339, such as 2026-01-31T15:04:05.123Z")
    if value.startswith("0001-01-01T00:00:00"):
        return None
    try:
        time = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a time of the calendar") from None
    if time.year < FIRST_YEAR:
        raise ValueError(f"must not lie before {FIRST_YEAR}")
    return time


def _text(max_length: int, min_length: int = 0) -> Any:
    return Annotated[
        str,
        StringConstraints(strict=True, min_length=min_length, max_length=max_length),
        AfterValidator(_no_nul),
    ]


Time = Annotated[datetime | None, BeforeValidator(_time)]
Name = _text(limits.LABEL_NAME, min_length=1)


class Alert(BaseModel):
    """One alert of a message, or of Alertmanager's API."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    status: Literal["firing", "resolved"]
    labels: dict[Name, _text(limits.LABEL_VALUE)] = Field(min_length=1, max_length=limits.LABELS)  # type: ignore[valid-type]
    annotations: dict[Name, _text(limits.ANNOTATION)] = Field({}, max_length=limits.LABELS)  # type: ignore[valid-type]
    starts_at: Time = None
    ends_at: Time = None
    generator_url: _text(8192) = Field("", alias="generatorURL")  # type: ignore[valid-type]
    fingerprint: str = Field("", pattern="^([0-9a-f]{16})?$", strict=True)


class Message(BaseModel):
    """One POST of Alertmanager: a group of alerts."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    version: Literal["4"] = "4"
    group_key: _text(16384) = ""  # type: ignore[valid-type]
    receiver: _text(1024) = ""  # type: ignore[valid-type]
    truncated_alerts: Annotated[int, Field(strict=True, ge=0)] = 0
    alerts: list[Alert] = Field(min_length=1, max_length=MAX_ALERTS)


def parse(body: bytes) -> Message:
    """Read a message from the bytes of a request.

    Raises InvalidPayloadError with a reason for each of the first faults.
    """
    try:
        document = from_json(decoded(body), allow_inf_nan=False)
    except ValueError as error:
        raise InvalidPayloadError(f"the body is not JSON: {error}") from None
    try:
        return Message.model_validate(document)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidPayloadError(*(_reason(dict(fault)) for fault in faults[:MAX_REASONS])) from None


def fingerprint(labels: dict[str, str]) -> str:
    """Compute the fingerprint as Alertmanager does: 64-bit FNV-1a in 16 hexadecimal digits.

    Source: github.com/prometheus/common, model/signature.go (labelSetToFingerprint).
    """
    digest = _FNV_OFFSET
    for name in sorted(labels):
        for byte in b"%b\xff%b\xff" % (name.encode(), labels[name].encode()):
            digest = (digest ^ byte) * _FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def _reason(fault: dict[str, Any]) -> str:
    """One sentence per fault; names of labels come from the sender, so they are quoted and cut."""
    place = ".".join(
        part if part.isidentifier() else repr(part) for part in (str(p)[:60] for p in fault["loc"])
    )
    place = re.sub(r"\.'(\d+)'", r"[\1]", place)
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{place or 'the body'}: {message}"
