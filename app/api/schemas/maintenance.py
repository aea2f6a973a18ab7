"""Maintenance windows, as the API takes and gives them."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

from app.api.schemas.base import Input, Page, Text, Time, Word
from app.clock import now
from app.maintenance.service import MAX_COMMENT
from app.records.maintenance import MaintenanceWindow
from contract import limits


class NewWindow(Input):
    """A time in which alerts are expected."""

    comment: Annotated[Text, Field(max_length=MAX_COMMENT, description="Why.")]
    matchers: Annotated[
        list[Annotated[Text, Field(max_length=limits.MATCHERS_TEXT)]],
        Field(
            min_length=1,
            max_length=limits.MATCHERS,
            description="Conditions on labels that all must hold, in Alertmanager's syntax: "
            "`name=value`, `!=`, `=~`, `!~`, several in a text separated by commas.",
        ),
    ]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    until: Annotated[AwareDatetime | None, Field(description="Come back each week until then.")] = None
    zone: Annotated[Word, Field(description="Whose clock a weekly window keeps to.")] = "UTC"


class WindowQuery(Page):
    """Which windows."""

    active: Annotated[bool, Field(description="Only those that hold now or will hold, in one part.")] = False


class MatcherOut(BaseModel):
    """One condition on a label."""

    name: str
    op: str
    value: str


class WindowOut(BaseModel):
    """A maintenance window. `starts_at` and `ends_at` are those of its present or next stretch."""

    id: int
    comment: str
    matchers: list[MatcherOut]
    starts_at: Time
    ends_at: Time
    weekly: bool
    until: Time
    zone: str
    holds: bool
    by: str
    by_id: Annotated[int | None, Field(description="The account of who planned it, if a person.")]
    ended_by: str | None
    ended_by_id: Annotated[int | None, Field(description="The account of who ended it, if a person.")]

    @classmethod
    def of(cls, window: MaintenanceWindow) -> "WindowOut":
        """Return the window as the API shows it."""
        stretch = window.next(now())
        return cls(
            id=window.id,
            comment=window.comment,
            matchers=[MatcherOut.model_validate(matcher) for matcher in window.matchers],
            starts_at=stretch.starts_at if stretch else window.starts_at,
            ends_at=stretch.ends_at if stretch else window.ends_at,
            weekly=window.is_weekly,
            until=window.until,
            zone=window.zone,
            holds=window.occurrence(now()) is not None,
            by=window.created_by,
            by_id=window.created_by_id,
            ended_by=window.ended_by,
            ended_by_id=window.ended_by_id,
        )
