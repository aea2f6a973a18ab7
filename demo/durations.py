"""The shipped rules with shorter durations: one minute becomes six seconds.

Durations stand in three places of a rule, and only they are rewritten: ``for`` and ``keep_firing_for``, the
ranges and offsets in the expression (``[2m]``, ``offset 1h``), and the annotation ``oims_window``, which
repeats the range. Alerts, metrics, label matchers and thresholds stay as they are.
"""

import re
from typing import Any

import yaml

FACTOR = 10
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DURATION = r"(?:\d+[smhd])+"
RANGE = re.compile(rf"(?<=\[)({DURATION})(?:(:)({DURATION})?)?(?=])|(?<=\boffset )({DURATION})")


def shorten(text: str) -> str:
    """Return a rule file with every duration divided by ``FACTOR``.

    Args:
        text: a Prometheus rule file.

    Raises:
        ValueError: a duration is not understood, or too short to be divided into whole seconds; the message
            names the alert.

    """
    document = yaml.safe_load(text)
    for group in document["groups"]:
        if "interval" in group:
            group["interval"] = divide(group["interval"])
        group["rules"] = [_shorten_rule(rule) for rule in group["rules"]]
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def divide(duration: str) -> str:
    """Divide a Prometheus duration (``1h30m``) by ``FACTOR``; ``0s`` stays.

    Raises:
        ValueError: it is no duration, or the quotient is not a whole number of seconds.

    """
    if not re.fullmatch(DURATION, duration):
        raise ValueError(f"{duration!r} is not a duration of days, hours, minutes and seconds")
    seconds = sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", duration))
    if seconds % FACTOR:
        raise ValueError(f"{duration} cannot be divided by {FACTOR} into whole seconds")
    return f"{seconds // FACTOR}s"


def _shorten_rule(rule: dict[str, Any]) -> dict[str, Any]:
    short = dict(rule)
    try:
        for field in ("for", "keep_firing_for"):
            if field in short:
                short[field] = divide(short[field])
        short["expr"] = RANGE.sub(_shorten_range, short["expr"])
        if "oims_window" in short.get("annotations", {}):
            window = divide(short["annotations"]["oims_window"])
            short["annotations"] = {**short["annotations"], "oims_window": window}
    except ValueError as error:
        raise ValueError(f"{rule.get('alert', rule.get('record'))}: {error}") from None
    return short


def _shorten_range(match: re.Match[str]) -> str:
    length, colon, step, offset = match.groups()
    if offset:
        return divide(offset)
    return divide(length) + (colon or "") + (divide(step) if step else "")
