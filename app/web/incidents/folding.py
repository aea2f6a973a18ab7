"""The timeline as the page shows it: several mails in a row are one line that unfolds."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from app import formats
from app.records.incidents import EventKind, TimelineEvent


def folded(events: Iterable[TimelineEvent], zone: str) -> Sequence[Sequence[TimelineEvent]]:
    """Return the events in their order, each alone, but for mails in a row on one day of `zone`."""
    found: list[list[TimelineEvent]] = []
    for day_of_mails, group in groupby(events, key=lambda event: _day_of_mail(event, zone)):
        several = list(group)
        found += [several] if day_of_mails else [[event] for event in several]
    return found


def _day_of_mail(event: TimelineEvent, zone: str) -> str:
    return formats.day(event.at, zone) if event.kind is EventKind.MAIL_SENT else ""
