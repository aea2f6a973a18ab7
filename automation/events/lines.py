"""Log lines of the webhook: hints that wake the follower, and carriers while the journal is away."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from automation.events.schemas import Event
from contract import limits
from contract.signing import FIELD, is_genuine

MAX_LINE = limits.LOG_LINE_BYTES


@dataclass
class LineReader:
    """Turns lines into events and hints; whatever else comes is counted, never acted on."""

    key: bytes
    counts: Counter[str] = field(default_factory=Counter)

    def read(self, line: str) -> Event | int | None:
        """Return the event of a signed line, the last sequence number of a heartbeat, or nothing."""
        if len(line) > MAX_LINE:
            return self._ignored("too_long")
        start = line.find("{")  # kubectl's --prefix and --timestamps stand before the JSON
        try:
            data = json.loads(line[start:]) if start >= 0 else None
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            return self._ignored("not_json")
        return self._read_object(data)

    def _read_object(self, data: dict[str, Any]) -> Event | int | None:
        kind, seq = data.get("kind"), data.get("seq")
        if kind == "heartbeat" and type(seq) is int and seq >= 0:
            self.counts["heartbeat"] += 1
            return seq
        if kind == "access":
            return self._ignored("access")
        if kind != "alert":
            return self._ignored("unknown_kind")
        if not is_genuine(data, self.key):
            return self._ignored("unsigned" if FIELD not in data else "bad_signature")
        try:
            event = Event.model_validate(data)
        except ValidationError:
            return self._ignored("bad_event")
        self.counts["event"] += 1
        return event

    def _ignored(self, reason: str) -> Event | None:
        self.counts[reason] += 1
        return None
