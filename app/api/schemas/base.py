"""What the API's schemas are made of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from app.paging import MAX_CURSOR_LENGTH, MAX_ID, MAX_PAGE_SIZE, PAGE_SIZE
from contract.moments import rfc3339

MAX_WORD = 200
NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
VISIBLE = r"[!-~]|[^\x00-\x7f]"
IN_WORDS = {
    NO_CONTROLS: "Leave out control characters",
    VISIBLE: "Say something: at least one character that can be seen",
}
"""What a pattern asks for."""


def _several(value: Any) -> Any:
    """Read ``a,b`` and ``x=a&x=b`` as two values."""
    return value.split(",") if isinstance(value, str) else value


Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Word = Annotated[str, Field(max_length=MAX_WORD, pattern=NO_CONTROLS)]
"""A value to look for; no database takes NUL."""
Text = Annotated[str, Field(min_length=1, pattern=VISIBLE)]
"""Something must be said: at least one character that can be seen."""
type Several[T] = Annotated[list[T], BeforeValidator(_several), Field(max_length=20)]
Time = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


class Input(BaseModel):
    """What comes from a caller: a name that is not known is a mistake, not noise."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Nothing(Input):
    """Nothing has to be said."""


class Page(Input):
    """Which part of a list."""

    cursor: Annotated[
        str | None,
        Field(
            description="`next` of the part before; without it, the first part.", max_length=MAX_CURSOR_LENGTH
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE


class ListOf[M: BaseModel](BaseModel):
    """A part of a list, and the cursor of the part after it."""

    items: Sequence[M]
    next: str | None


class Tagged(BaseModel):
    """Something that can be changed, and whose state has a tag."""

    def etag(self) -> str:
        """Return the tag that stands for the present state."""
        raise NotImplementedError


class Person(BaseModel):
    """A user, as others see them."""

    id: int
    name: str


class Accepted(BaseModel):
    """The id of a report that is stored."""

    id: str


class FieldProblem(BaseModel):
    """What is wrong with one field, header or parameter."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, as RFC 9457 has it; every refusal looks like this."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem]
    request_id: str


class Document(BaseModel):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: Literal["3.1.0"]
