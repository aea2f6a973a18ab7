"""What may come in at all: numbers that a database can hold, and text without control characters.

Views and use cases never see anything else in paths, queries and forms, so no database refuses it later.
"""

from collections.abc import Iterable, Mapping
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_if_range_header
from werkzeug.routing import IntegerConverter, Map, UnicodeConverter
from werkzeug.utils import cached_property

from app.paging import MAX_ID
from contract.text import decoded

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_SEGMENT = 2_000
"""Characters of one part of a path; the longest of ours is the token of a link in a mail."""
SHOWN = {code: "\ufffd" for code in (*range(32), 127) if chr(code) not in "\t\n\r"}
"""Control characters become the mark that also stands for bytes that are no text."""
CONDITIONS = frozenset({"HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE"})
"""Headers that may hold a date; one that is none is ignored (RFC 9110, 13.1.3)."""


class Id(IntegerConverter):
    """A row's number: what no row can have is no address."""

    regex = r"\d{1,10}"

    def __init__(self, map: Map) -> None:  # noqa: A002 - werkzeug's name
        super().__init__(map, max=MAX_ID)


class Word(UnicodeConverter):
    """A part of a path that is text, without control characters."""

    regex = rf"[^/\x00-\x1f\x7f]{{1,{MAX_SEGMENT}}}"

    def __init__(self, map: Map) -> None:  # noqa: A002 - werkzeug's name
        super().__init__(map)
        self.regex = Word.regex


class Parameters(ImmutableMultiDict[str, Any]):
    """What came in a query or a form, with a visible mark in the place of each control character."""

    def __init__(self, given: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        items = (
            given.items(multi=True) if isinstance(given, MultiDict) else MultiDict(given).items(multi=True)
        )
        # A part of a form may come without a name.
        super().__init__([(visible(name or ""), visible(value)) for name, value in items])


class FormReader(FormDataParser):
    """Reads forms; a byte that is no UTF-8, raw or escaped, becomes a mark and costs nobody the rest."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, Any], MultiDict[str, Any]]:
        """Do as werkzeug does, but for fields that it would refuse or keep as their escapes."""
        if mimetype != "application/x-www-form-urlencoded":
            return super().parse(stream, mimetype, content_length, options)
        return stream, self.cls(_pairs(stream.read())), self.cls()


class BorderedRequest(Request):
    """A request whose query and form are fit to be stored, and whose conditions can be read."""

    parameter_storage_class = Parameters
    form_data_parser_class = FormReader

    def __init__(self, environ: "WSGIEnvironment", *args: Any, **kwargs: Any) -> None:
        for name in CONDITIONS & environ.keys():
            if _is_out_of_time(environ[name]):
                del environ[name]
        super().__init__(environ, *args, **kwargs)

    @cached_property
    def args(self) -> Parameters:
        """Return the query, read as a form is."""
        return Parameters(_pairs(self.query_string))

    @property
    def full_path(self) -> str:
        """Return path and query as text."""
        return f"{self.path}?{decoded(self.query_string)}"


def _is_out_of_time(value: str) -> bool:
    """Say whether a condition names a moment that no calendar has, which werkzeug would fail at."""
    try:
        parse_if_range_header(value)
    except OverflowError:
        return True
    return False


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    return parse_qsl(decoded(encoded), keep_blank_values=True, errors="replace")


def visible[T](value: T) -> T | str:
    """Return text with a mark for each control character; other values as they are."""
    return value.translate(SHOWN) if isinstance(value, str) else value


def init_app(app: Flask) -> None:
    """Take in nothing else; before routes are registered."""
    app.request_class = BorderedRequest
    app.url_map.converters |= {"default": Word, "string": Word, "int": Id}
