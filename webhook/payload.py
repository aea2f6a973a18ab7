"""What the webhook takes: Alertmanager's webhook message, version 4, and Grafana's, which is nearly the same.

Contracts: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config and Grafana's "Configure
the webhook notifier for Alerting". Unknown fields are ignored, since senders add some from time to time;
everything that is read has a type and a limit. A message that keeps to them is read at once. In any other
each alert is mended by itself: one of an odd form costs the others nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
from contract.labels import WORDS, most_telling
from contract.text import decoded
from webhook import times
from webhook.journal import Source
from webhook.mending import NOTICE, is_kept_aside, links, mended, one_text

MAX_BODY_BYTES = limits.BODY_BYTES
MAX_ALERTS = limits.ALERTS
MAX_REASONS = 5
SENDERS = {"4": Source.ALERTMANAGER, "1": Source.GRAFANA}
"""Whose the versions of the message are."""

MAX_DIGITS = 64


class InvalidPayloadError(ValueError):
    """The body is no message that can be accepted; ``reasons`` says why, one sentence per fault."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


def _no_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain the character NUL")
    return value


def _text(max_length: int, min_length: int = 0) -> Any:
    return Annotated[
        str,
        StringConstraints(strict=True, min_length=min_length, max_length=max_length),
        AfterValidator(_no_nul),
    ]


def _time(value: object) -> object:
    return value if isinstance(value, datetime) else times.read(value)


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
    generator_url: _text(limits.SOURCE_URL) = Field("", alias="generatorURL")  # type: ignore[valid-type]
    fingerprint: str = Field("", pattern="^([0-9a-f]{16})?$", strict=True)


class Message(BaseModel):
    """One POST of Alertmanager: a group of alerts, and what is wrong with those that were not taken."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    version: Literal["4"] = "4"
    group_key: _text(limits.GROUP_KEY) = ""  # type: ignore[valid-type]
    receiver: _text(limits.RECEIVER) = ""  # type: ignore[valid-type]
    truncated_alerts: Annotated[int, Field(strict=True, ge=0)] = 0
    alerts: list[Alert] = Field(min_length=1, max_length=MAX_ALERTS)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message with what became of the alerts in it that did not keep to the form.

    ``refused`` has a sentence for each alert that is none.
    """

    message: Message
    sender: Source = Source.ALERTMANAGER
    mended: int = 0
    kept_aside: int = 0
    refused: Sequence[str] = ()


def parse(body: bytes) -> Delivery:
    """Read a message from the bytes of a request.

    Raises InvalidPayloadError with a reason for each of the first faults, when nothing in it can be taken.
    """
    document = _document(body)
    try:
        return Delivery(Message.model_validate(document))
    except ValidationError:
        return _mended(document)


def read_alert(document: dict[str, Any], group_status: object = None) -> Alert:
    """Return an alert that keeps to the form, or else a mended one."""
    try:
        return Alert.model_validate(document)
    except ValidationError:
        return Alert.model_validate(mended(document, group_status))


def _document(body: bytes) -> Any:
    """Return the JSON of a body, in any Unicode encoding. Raises InvalidPayloadError."""
    text = decoded(body, json.detect_encoding(body))
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        fault = error
    # This reader is slower, and also takes what is JSON but odd: half a surrogate pair, a number of a million
    # digits, hundreds of brackets.
    try:
        return json.loads(text, parse_constant=_no_constant, parse_int=_number)
    except (ValueError, RecursionError):
        raise InvalidPayloadError(f"the body is not JSON: {fault}") from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _mended(document: object) -> Delivery:
    """Read a message whose form is odd somewhere. Raises InvalidPayloadError when it is none."""
    if not isinstance(document, dict):
        raise InvalidPayloadError("the body: must be an object, as Alertmanager sends it")
    version = document.get("version")
    if version is not None and str(version) not in SENDERS:
        raise InvalidPayloadError(
            "version: must be '4', as Alertmanager sends it, or '1', as Grafana does; set this address as a "
            "webhook receiver of Alertmanager, or as a contact point of the type webhook in Grafana"
        )
    found = document.get("alerts")
    if not isinstance(found, list) or not found:
        raise InvalidPayloadError("alerts: must be a list with at least one alert")
    if len(found) > MAX_ALERTS:
        raise InvalidPayloadError(f"alerts: must be at most {MAX_ALERTS:,}; set max_alerts of the receiver")
    refused = [
        f"alerts[{number}]: is no alert, which is an object with labels"
        for number, alert in enumerate(found)
        if not isinstance(alert, dict)
    ]
    given = [alert for alert in found if isinstance(alert, dict)]
    if not given:
        raise InvalidPayloadError(*refused[:MAX_REASONS])
    return _delivery(document, given, refused)


def _delivery(document: dict[str, Any], given: list[dict[str, Any]], refused: list[str]) -> Delivery:
    alerts, odd = [], []
    for found in given:
        try:
            alert = Alert.model_validate(found)
        except ValidationError:
            alert = Alert.model_validate(mended(found, document.get("status")))
            odd.append(alert)
        more = links(found)
        annotations = most_telling(more | alert.annotations, limits.LABELS, [NOTICE, *more, *WORDS])
        alerts.append(alert.model_copy(update={"annotations": annotations}) if more else alert)
    truncated = document.get("truncatedAlerts")
    message = Message.model_construct(
        group_key=one_text(document.get("groupKey"), limits.GROUP_KEY),
        receiver=one_text(document.get("receiver"), limits.RECEIVER),
        truncated_alerts=truncated if type(truncated) is int and truncated > 0 else 0,
        alerts=alerts,
    )
    kept_aside = sum(is_kept_aside(alert.labels) for alert in odd)
    return Delivery(
        message,
        sender=SENDERS.get(str(document.get("version")), Source.ALERTMANAGER),
        mended=len(odd) - kept_aside,
        kept_aside=kept_aside,
        refused=refused,
    )
