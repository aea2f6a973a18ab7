"""What an incident is about: its service, and the labels that people give it."""

import re
from collections.abc import Mapping

from app.database import transaction
from app.errors import InvalidInput
from app.incidents import service
from app.records import timeline
from app.records.actors import Actor
from app.records.entries import DetailsChanged
from app.records.incidents import Incident
from app.text import entered
from contract import limits
from contract.text import clean

MAX_TAGS = limits.TAGS
MAX_VALUE = limits.TAG_VALUE

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,99}")


def change(
    incident_id: int, *, about: str, tags: Mapping[str, str], actor: Actor, version: int | None = None
) -> Incident:
    """Say which service it is about and which labels it has; the alert's own labels stay as they came.

    Raises:
        InvalidInput: something is no label, there are too many, or the service's name is too long.

    """
    about = entered("service", about, service.MAX_SERVICE)
    wanted = read(write(tags))
    if wanted.keys() != tags.keys():
        raise _wrong("A label has a name without spaces, and a value on one line.")
    with transaction():
        incident = timeline.lock(incident_id)
        service.compare(incident, version)
        said = _difference(incident, about, wanted)
        if said:
            incident.service, incident.tags = about or None, wanted
            incident.version += 1
            summary = f"{actor.name} changed the details: {'; '.join(said)}"
            timeline.record(incident.id, DetailsChanged(reason="; ".join(said)), actor, summary)
    return incident


def write(tags: Mapping[str, str]) -> str:
    """Return labels as ``read`` takes them."""
    return "\n".join(f"{name}={value}" for name, value in sorted(tags.items()))


def read(text: str) -> dict[str, str]:
    """Return labels from text: ``name=value``, one to a line.

    Raises:
        InvalidInput: a line is no label, or there are too many.

    """
    lines = [line.strip() for line in clean(text, len(text)).splitlines() if line.strip()]
    tags = {}
    for line in lines:
        name, is_there, value = (part.strip() for part in line.partition("="))
        if not is_there or not _NAME.fullmatch(name) or len(value) > MAX_VALUE:
            raise _wrong(f"“{line[:80]}” is not of the form name=value.")
        tags[name] = value
    if len(lines) > MAX_TAGS:
        raise _wrong(f"Use at most {MAX_TAGS} labels.")
    return tags


def _difference(incident: Incident, about: str, tags: dict[str, str]) -> list[str]:
    said = []
    if about != (incident.service or ""):
        said.append(f"the service is {about or 'not known'}, it was {incident.service or 'not known'}")
    said += [f"{name}={value}" for name, value in tags.items() if incident.tags.get(name) != value]
    said += [f"no longer {name}" for name in incident.tags if name not in tags]
    return said


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(message, [{"field": "tags", "message": message}])
