"""Conditions on an alert's labels, in Alertmanager's own words: ``service=~"api|web-.*", severity!=low``.

Maintenance, instructions, the policy and filters all read, write and apply them here. Regular expressions
are RE2's, as in Prometheus: anchored at both ends, linear in the text, bounded in size.
"""

import functools
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, NamedTuple

import re2
from pydantic import AfterValidator, BaseModel, ConfigDict

from contract import limits
from contract.matcher_syntax import Found, SyntaxProblem, parse, write
from contract.text import safe

PATTERN_MEMORY_BYTES = 256 * 1024
"""What a compiled expression may take; one that needs more is refused as too large."""


class Op(StrEnum):
    """How a label's value is compared; ``=~`` and ``!~`` take a regular expression."""

    EQUAL = "="
    NOT_EQUAL = "!="
    MATCH = "=~"
    NO_MATCH = "!~"

    @property
    def is_pattern(self) -> bool:
        """Say whether the value is a regular expression."""
        return self in {Op.MATCH, Op.NO_MATCH}

    @property
    def is_negative(self) -> bool:
        """Say whether the condition holds where the value is another."""
        return self in {Op.NOT_EQUAL, Op.NO_MATCH}


class Problem(NamedTuple):
    """What is wrong with a matcher, and where: both counted from 1."""

    line: int
    column: int
    message: str


class InvalidMatchersError(ValueError):
    """Text that is no set of matchers; ``sentences`` say where and why, one for each fault."""

    def __init__(self, problems: Sequence[Problem], *, has_lines: bool = False) -> None:
        self.problems = tuple(problems)
        self.sentences = [
            f"{f'Line {item.line}, column' if has_lines else 'Column'} {item.column}: {item.message}."
            for item in problems
        ]
        super().__init__(" ".join(self.sentences))


class Matcher(BaseModel):
    """One condition on a label. A label that is missing has the empty value, as in Alertmanager.

    Name and value are made safe, as the webhook makes those of alerts: so one that was copied from an alert,
    with a bidirectional override in it, still finds that alert.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: Annotated[str, AfterValidator(safe)]
    op: Op
    value: Annotated[str, AfterValidator(safe)]

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels meet the condition.

        A longer value is cut to what a label may hold. An expression that can't be read, which no part
        writes, counts as met: whatever asks then holds back rather than acts.
        """
        value = safe(labels.get(self.name, "")[: limits.LABEL_VALUE])
        if not self.op.is_pattern:
            return (value == self.value) is not self.op.is_negative
        try:
            found = _compiled(self.value).fullmatch(value.encode()) is not None
        except re2.error:
            return True
        return found is not self.op.is_negative

    def __str__(self) -> str:
        """Return the matcher as `read` takes it."""
        return write(self.name, self.op, self.value)


def read(text: str, *, may_match_empty: bool = False) -> list[Matcher]:
    """Read matchers: several on a line separated by commas, braces around a line if one likes.

    Args:
        text: what a person or program wrote, of one line or several.
        may_match_empty: also take a set that holds for an alert without any of its labels.

    Raises:
        InvalidMatchersError: there is none, one can't be read, or together they can't hold.

    """
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(text) > limits.MATCHERS_TEXT:
        raise InvalidMatchersError([Problem(1, 1, f"use at most {limits.MATCHERS_TEXT:,} characters")])
    matchers: list[Matcher] = []
    problems: list[Problem] = []
    for number, line in lines:
        try:
            for found in parse(line):
                _add(matchers, found)
        except SyntaxProblem as problem:
            problems.append(Problem(number, problem.column, problem.message))
    if not problems and (message := _problem_of_all(matchers, may_match_empty=may_match_empty)):
        problems = [Problem(lines[0][0] if lines else 1, 1, message)]
    if problems:
        raise InvalidMatchersError(problems, has_lines=len(lines) > 1)
    return matchers


def fits(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Say whether all matchers hold for these labels."""
    return all(matcher.holds(labels) for matcher in matchers)


def any_of(name: str, values: Sequence[str]) -> Matcher:
    """Return the matcher of a label that has one of these values."""
    if len(values) == 1:
        return Matcher(name=name, op=Op.EQUAL, value=values[0])
    return Matcher(name=name, op=Op.MATCH, value="|".join(re2.escape(safe(value)) for value in values))


def _add(matchers: list[Matcher], found: Found) -> None:
    """Add a matcher of a line to those before it. Raises SyntaxProblem with its place."""
    if len(matchers) == limits.MATCHERS:
        raise SyntaxProblem(found.column, f"use at most {limits.MATCHERS} conditions")
    matchers.append(_checked(found))
    _refuse_contradiction(matchers, found.column)


def _checked(found: Found) -> Matcher:
    """Return a matcher of a line. Raises SyntaxProblem with its place."""
    if not found.name:
        raise SyntaxProblem(found.column, "the label name is empty")
    _refuse_impossible("name", found.name, limits.LABEL_NAME, found.column)
    _refuse_impossible("value", found.value, limits.LABEL_VALUE, found.column)
    matcher = Matcher(name=found.name, op=Op(found.op), value=found.value)
    if matcher.op.is_pattern:
        if len(found.value) > limits.PATTERN:
            raise SyntaxProblem(
                found.column, f"this regular expression is longer than {limits.PATTERN:,} characters"
            )
        if matcher.value != found.value:  # made safe, it would be another expression
            raise SyntaxProblem(
                found.column, "this regular expression has a control character; write it as in \\x{1b}"
            )
        try:
            _compiled(matcher.value)
        except re2.error as error:
            raise SyntaxProblem(found.column, _why(error)) from None
    return matcher


def _refuse_impossible(what: str, text: str, longest: int, column: int) -> None:
    if len(text) > longest:
        raise SyntaxProblem(column, f"this {what} is longer than any label's, {longest:,} characters")
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise SyntaxProblem(column, f"this {what} has a character that no label has")


def _refuse_contradiction(matchers: Sequence[Matcher], column: int) -> None:
    """Refuse the newest matcher if no value of its label can meet it and those before it."""
    name = matchers[-1].name
    same = [item for item in matchers if item.name == name]
    for exact in (item for item in same if item.op is Op.EQUAL):
        other = next((item for item in same if not item.holds({name: exact.value})), None)
        if other is not None:
            raise SyntaxProblem(column, f"{exact} and {other} can never hold together")


def _problem_of_all(matchers: Sequence[Matcher], *, may_match_empty: bool) -> str:
    if not matchers:
        return "name at least one label, as in service=checkout"
    if not may_match_empty and fits(matchers, {}):
        return "at least one condition must need a label to be there, as in service=checkout"
    return ""


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> "re2._Regexp":
    """Return a compiled expression. Raises re2.error."""
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY_BYTES
    options.log_errors = False
    options.never_capture = True
    options.dot_nl = True
    return re2.compile(pattern, options)


def _why(error: re2.error) -> str:
    words = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
    if "too large" in words:
        return "this regular expression is too large"
    return f"this is no regular expression of RE2: {words}"
