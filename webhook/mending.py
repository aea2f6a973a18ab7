"""Alerts of an odd form, mended: what fires is not lost because of how it is written.

An alert keeps what can be read of it, and tells in the annotation `oims_notice` what was changed. One that
says nothing about itself becomes an alert named `An alert could not be read`, which has the text that came.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from contract import limits
from contract.labels import TELLING, WORDS, most_telling
from contract.text import safe
from webhook import times
from webhook.fingerprints import HEX, fingerprint

UNREADABLE = "An alert could not be read"
NOTICE = "oims_notice"
CUT = " … [cut]"
NO_NAME = "_"
MAX_NOTICES = 10
SHOWN = 100
"""Characters of a value that a notice quotes."""

FIRING = frozenset({"firing", "alerting", "active", "on", "open", "problem", "triggered"})
RESOLVED = frozenset({"resolved", "ok", "normal", "inactive", "off", "closed", "recovery", "recovered"})
LINKS = {"panelURL": "panel_url", "dashboardURL": "dashboard_url", "silenceURL": "silence_url"}
"""Grafana's fields, and the annotations that they become."""
PASSING = frozenset(
    {"status", "startsAt", "endsAt", "updatedAt", "values", "valueString"}
    | {"value", "count", "duration", "time", "timestamp", "ts", "date"}
)
"""Fields that differ from one delivery of an alert to the next."""
PASSING_WORDS = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|(?<![\w.:/@-])[+-]?\d+(?:[.,]\d+)?(?:%|[a-zA-Z]{1,3})?(?![\w:/@-]|\.\w)"
)
"""So do times and numbers in its text (91 %, 5m), but no part of a name or an address (db-1, :9100)."""


def mended(document: dict[str, Any], group_status: object) -> dict[str, Any]:
    """Return the fields of an alert that a message carried, all of the form and length that is kept.

    Args:
        document: the alert as it came, any JSON object.
        group_status: what the message says of all its alerts, for one that doesn't say it itself.

    """
    notices: list[str] = []
    ends_at = _time("endsAt", document, notices)
    fields: dict[str, Any] = {
        "status": _status(document, group_status, ends_at, notices),
        "startsAt": _time("startsAt", document, notices),
        "endsAt": ends_at,
    }
    labels = document.get("labels")
    if not isinstance(labels, dict) or not labels:
        return fields | _kept_aside(document)
    texts = {name: _text(value) for name, value in labels.items()}
    fields["labels"] = _pairs("label", labels, limits.LABEL_VALUE, TELLING, notices)
    fields["generatorURL"] = _url(document.get("generatorURL"), notices)
    fields["fingerprint"] = _fingerprint(document.get("fingerprint"), texts)
    annotations = _annotations(document.get("annotations"), notices)
    return fields | {"annotations": _with_notice(annotations, notices)}


def links(document: dict[str, Any]) -> dict[str, str]:
    """Return where Grafana says that its alert can be seen and silenced, as annotations."""
    found = {name: document.get(field) for field, name in LINKS.items()}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, str) and len(value) <= limits.URL and value.startswith(("http://", "https://"))
    }


def is_kept_aside(labels: dict[str, str]) -> bool:
    """Say whether these are the labels of an alert that could not be read."""
    return labels.get("alertname") == UNREADABLE


def words(event: dict[str, Any]) -> dict[str, str]:
    """Return what an alert says, without what differs from one delivery of an odd alert to the next."""
    ours = {NOTICE, "raw"} if is_kept_aside(event["labels"]) else {NOTICE}
    return {name: value for name, value in event["annotations"].items() if name not in ours}


def one_text(value: object, longest: int) -> str:
    """Return a field of a message as text that can be kept, cut to a length."""
    return _cut(safe(_text(value)), longest)


def _kept_aside(document: dict[str, Any]) -> dict[str, Any]:
    """Return an alert that stands for one without readable labels; repeats of it are the same alert."""
    labels, given = document.get("labels"), document.get("fingerprint")
    lasting = {name: value for name, value in document.items() if name not in PASSING}
    identity = [labels, given] if labels or given else lasting
    text = PASSING_WORDS.sub("#", _text(identity))
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
    return {
        "labels": {"alertname": UNREADABLE, "severity": "high", "alert": digest},
        "fingerprint": given if isinstance(given, str) and HEX.fullmatch(given) else "",
        "annotations": {
            "summary": UNREADABLE,
            "description": "An alert came without labels that can be read, so nothing says what it is about. "
            "See the annotation raw, which is what came, and mend its sender.",
            "raw": one_text(document, limits.ANNOTATION),
        },
    }


def _status(document: dict[str, Any], group: object, ends_at: datetime | None, notices: list[str]) -> str:
    """Return whether the alert is on; one that doesn't say so is, unless it has an end that is past."""
    given = document.get("status")
    for word in (given, group if given in (None, "") else None):
        known = str(word).strip().lower()[:SHOWN]
        if known in FIRING:
            return "firing"
        if known in RESOLVED:
            return "resolved"
    is_over = ends_at is not None and ends_at <= datetime.now(ends_at.tzinfo)
    taken = "resolved" if is_over else "firing"
    notices.append(f"the status {_quoted(given)} is not known and was taken as {taken}")
    return taken


def _time(name: str, document: dict[str, Any], notices: list[str]) -> datetime | None:
    value = document.get(name)
    try:
        return times.read(value)
    except ValueError:
        pass
    try:
        time = times.guess(value)
    except ValueError:
        notices.append(f"{name} {_quoted(value)} can't be read as a time")
        return None
    if time is not None:
        notices.append(f"{name} {_quoted(value)} was read as {time.isoformat()}")
    return time


def _annotations(found: object, notices: list[str]) -> dict[str, str]:
    if found is None:
        return {}
    if not isinstance(found, dict):
        notices.append("the annotations were no names with texts")
    pairs = found if isinstance(found, dict) else {"annotations": found}
    return _pairs("annotation", pairs, limits.ANNOTATION, WORDS, notices)


def _pairs(
    kind: str, found: dict[str, Any], longest: int, first: Iterable[str], notices: list[str]
) -> dict[str, str]:
    """Return names and values that can be kept; tell of each kind of change."""
    kept = most_telling(found, limits.LABELS - 1, first) if len(found) > limits.LABELS else found
    if len(kept) < len(found):
        notices.append(f"of {len(found):,} {kind}s {len(kept)} were kept")
    pairs: dict[str, str] = {}
    # Names that stay come first: none of them is numbered, and those that are keep their numbers in repeats.
    for name in sorted(kept, key=lambda name: (_clean_name(name) != name, name)):
        value = kept[name]
        text = _text(value)
        clean = safe(text)
        kept_name = _free(_clean_name(name), pairs)
        pairs[kept_name] = _cut(clean, longest)
        if kept_name != name:
            notices.append(f"the name of the {kind} {_quoted(name)} was changed")
        if len(clean) > longest:
            cut = f"from {len(clean):,} to {longest:,} characters"
            notices.append(f"the {kind} {_quoted(name)} was cut {cut}")
        elif clean != text:
            notices.append(f"control characters in the {kind} {_quoted(name)} were replaced")
        elif not isinstance(value, str):
            notices.append(f"the {kind} {_quoted(name)}, which was no text, was made text")
    return pairs


def _clean_name(name: str) -> str:
    return _cut(safe(name), limits.LABEL_NAME) or NO_NAME


def _free(name: str, taken: Mapping[str, str]) -> str:
    """Return a name with a number where mending made two names the same, so that each value is kept."""
    numbered, number = name, 1
    while numbered in taken:
        number += 1
        end = f" ({number})"
        numbered = name[: limits.LABEL_NAME - len(end)] + end
    return numbered


def _url(value: object, notices: list[str]) -> str:
    """Return the address of the alert's source; one that is too long leads nowhere once it is cut."""
    text = safe(value) if isinstance(value, str) else ""
    if len(text) <= limits.SOURCE_URL:
        return text
    notices.append(f"generatorURL was left out, since it has more than {limits.SOURCE_URL:,} characters")
    return ""


def _fingerprint(given: object, texts: dict[str, str]) -> str:
    """Return Alertmanager's own, or compute it as Alertmanager does: from the labels as they came."""
    if isinstance(given, str) and HEX.fullmatch(given):
        return given
    return fingerprint(texts)


def _with_notice(annotations: dict[str, str], notices: list[str]) -> dict[str, str]:
    if not notices:
        return annotations
    more = len(notices) - MAX_NOTICES
    told = [*notices[:MAX_NOTICES], *([f"{more} more changes"] if more > 0 else [])]
    kept = most_telling(annotations, limits.LABELS - 1, WORDS)
    return kept | {NOTICE: f"Changed when it came in: {'; '.join(told)}."}


def _text(value: object) -> str:
    """Return a JSON value as text; none is the empty text, as a label that is not there."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return _ENCODER.encode(value)
    except RecursionError:
        return "(nested too deeply to be shown)"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - len(CUT)] + CUT


def _quoted(value: object) -> str:
    return f"“{one_text(value, SHOWN)}”"


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
