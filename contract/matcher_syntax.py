"""The grammar of matchers: Alertmanager's UTF-8 syntax, and its older one where the first can't read a line.

As in Alertmanager, both read every line; where both understand it but differently, the older one is right.
What a person most likely did not mean, such as a value in single quotes, is refused instead of guessed.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from contract import limits

_TOKEN = re.compile(
    r"""\s*+(?:
        (?P<open>\{) | (?P<close>\}) | (?P<comma>,) | (?P<op>=~|!~|!=|=)
      | (?P<quoted>"(?:[^"\\]|\\.)*+")
      | (?P<word>[^\s{}!=~,\\"'`]++)
    )""",
    re.VERBOSE | re.DOTALL,
)
_CLASSIC = re.compile(r"\s*+([a-zA-Z_:][a-zA-Z0-9_:]*+)\s*+(=~|=|!=|!~)\s*+", re.ASCII)
_PIECE = re.compile(r'[^",\\]++|\\.?|"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_LETTERS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}
_RESERVED = frozenset("{}!=~,\\\"'`")
_OTHER_QUOTES = "'`“”‘’„«"  # noqa: RUF001 - what word processors make of quotes
_SECOND_CONDITION = re.compile(r"(?:[;&]|(?<!\s)\s)\s*+[a-zA-Z_:][\w:.-]*+\s*+(?:=|!=|!~)")

NAME = "a label name"
OPERATOR = "an operator: =, !=, =~ or !~"
VALUE = "a value; put an empty one in double quotes"
END_OF_MATCHER = "a comma; put a value with special characters in double quotes"


class SyntaxProblem(ValueError):
    """A place in a line and what is wrong there, in words."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


class Found(NamedTuple):
    """One matcher of a line and the column, from 1, in which it begins."""

    name: str
    op: str
    value: str
    column: int


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def parse(line: str) -> list[Found]:
    """Read the matchers of one line, with or without braces around them.

    Raises:
        SyntaxProblem: there is one that can't be read, or that means something else than it seems to.

    """
    try:
        modern = _modern(line)
    except SyntaxProblem as problem:
        classic = _classic(line)
        if classic is None:
            raise
        return classic or _fail(problem.column, problem.message)
    try:
        classic = _classic(line)
    except SyntaxProblem:
        classic = None
    return classic if classic is not None and len(classic) == len(modern) else modern


def write(name: str, op: str, value: str) -> str:
    """Return a matcher as `parse` takes it."""
    return f"{_quoted(name)}{op}{_quoted(value)}"


def _fail(column: int, message: str) -> NoReturn:
    raise SyntaxProblem(column, message)


def _tokens(line: str) -> Iterator[_Token]:
    end = len(line.rstrip())
    place = 0
    while place < end:
        found = _TOKEN.match(line, place)
        if found is None:
            blank = len(line[place:]) - len(line[place:].lstrip())
            column = place + blank + 1
            if line[column - 1] == '"':
                _fail(column, "the double quote that begins here is not closed")
            _fail(column, f"{line[column - 1]} is only allowed inside of double quotes")
        kind = found.lastgroup or ""
        yield _Token(kind, found[kind], found.start(kind) + 1)
        place = found.end()
    while True:
        yield _Token("end", "", end + 1)


def _modern(line: str) -> list[Found]:
    tokens = _tokens(line)
    token = next(tokens)
    has_brace = token.kind == "open"
    if has_brace:
        token = next(tokens)
    found: list[Found] = []
    while token.kind not in {"close", "end"}:
        name, op, value = token, next(tokens), next(tokens)
        _expect(name, NAME, "word", "quoted")
        _expect(op, OPERATOR, "op")
        _expect(value, VALUE, "word", "quoted")
        found.append(Found(_plain(name), op.text, _plain(value), name.column))
        _refuse_other_quotes(value.text, value.column)
        if len(found) > limits.MATCHERS:
            return found  # one more than is taken: what follows need not be read
        token = next(tokens)
        _expect(token, END_OF_MATCHER, "comma", "close", "end")
        if token.kind == "comma":
            token = next(tokens)
            _expect(token, NAME, "word", "quoted", "close", "end")
    if has_brace != (token.kind == "close"):
        _fail(
            token.column, "the closing brace } is missing" if has_brace else "this } has no opening brace {"
        )
    if has_brace and (token := next(tokens)).kind != "end":
        _fail(token.column, "nothing may follow the closing brace }")
    return found


def _expect(token: _Token, wanted: str, *kinds: str) -> None:
    if token.kind not in kinds:
        seen = f"{token.text[:40]} stands" if token.text else "the line ends"
        _fail(token.column, f"{seen} where there should be {wanted}")


def _plain(token: _Token) -> str:
    if token.kind != "quoted":
        return token.text
    inner, parts, place = token.text[1:-1], [], 0
    for escape in _ESCAPE.finditer(inner):
        parts.append(inner[place : escape.start()].encode("utf-8", "surrogatepass"))
        parts.append(_unescaped(escape, token.column + 1 + escape.start()))
        place = escape.end()
    parts.append(inner[place:].encode("utf-8", "surrogatepass"))
    try:
        return b"".join(parts).decode()
    except UnicodeDecodeError:
        _fail(token.column, "the escapes in this text make no valid UTF-8")


def _unescaped(escape: re.Match[str], column: int) -> bytes:
    byte, short, long, octal, letter = escape.groups()
    if byte or octal:
        number = int(byte, 16) if byte else int(octal, 8)
        if number <= 0xFF:  # noqa: PLR2004 - what a byte holds
            return bytes([number])
    elif short or long:
        number = int(short or long, 16)
        if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF:  # noqa: PLR2004 - the characters of Unicode
            return chr(number).encode()
    elif letter in _LETTERS:
        return bytes([_LETTERS[letter]])
    _fail(column, f"{escape[0]} is no escape; write \\\\ for a backslash")


def _classic(line: str) -> list[Found] | None:
    r"""Read a line as Alertmanager did before it knew UTF-8 names; nothing if it is not of that form.

    Here a backslash that escapes nothing is one, as in ``host=~"db\.example\.org"``.
    """
    start, end = len(line) - len(line.lstrip()), len(line.rstrip())
    if line[start:end].startswith("{") and line[start:end].endswith("}"):
        start, end = start + 1, end - 1
    found: list[Found] = []
    for first, last in _between_commas(line, start, end):
        if not line[first:last].strip():
            if last == end and found:
                continue
            return None
        head = _CLASSIC.match(line, first, last)
        value = _classic_value(line[head.end() : last].rstrip()) if head else None
        if head is None or value is None:
            return None
        raw = line[head.end() : last].rstrip()
        if not raw.startswith('"'):
            _refuse_doubtful(head[2], raw, head.end() + 1)
        found.append(Found(head[1], head[2], value, head.start(1) + 1))
        if len(found) > limits.MATCHERS:
            break
    return found


def _between_commas(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where each part of a line begins and ends; a comma in quotes separates nothing."""
    first, place, is_quoted = start, start, False
    while place < end:
        piece = _PIECE.match(line, place, end)
        if piece is None:  # a comma
            if not is_quoted:
                yield first, place
                first = place + 1
            place += 1
            continue
        if piece[0] == '"':
            is_quoted = not is_quoted
        place = piece.end()
    yield first, end


def _classic_value(raw: str) -> str | None:
    is_quoted = raw.startswith('"')
    if is_quoted and (len(raw) == 1 or not raw.endswith('"')):
        return None
    inner = raw[1:-1] if is_quoted else raw
    place, parts = 0, []
    while place < len(inner):
        letter = inner[place]
        if letter == '"':
            return None
        following = inner[place + 1 : place + 2]
        if letter == "\\" and following and following in 'n"\\':
            parts.append("\n" if following == "n" else following)
            place += 2
        else:
            parts.append(letter)
            place += 1
    if is_quoted and (len(inner) - len(inner.rstrip("\\"))) % 2:
        return None  # the last quote is escaped, so that none closes the text
    return "".join(parts)


def _refuse_doubtful(op: str, raw: str, column: int) -> None:
    """Refuse a value without quotes that was most likely meant as something else."""
    _refuse_other_quotes(raw, column)
    if op == "=" and re.match(r"=\s*\w", raw):
        _fail(column, "write one = only; a value that begins with = goes in double quotes")
    if second := _SECOND_CONDITION.search(raw):
        _fail(
            column + second.start(), "separate conditions by commas; put a value with spaces in double quotes"
        )
    if raw.count("{") != raw.count("}"):
        _fail(column, "a brace { or } is missing; put a value with a brace in double quotes")


def _refuse_other_quotes(raw: str, column: int) -> None:
    if raw[:1] and raw[0] in _OTHER_QUOTES:
        _fail(column, f'put the value in double quotes ("), not in {raw[0]}')


def _quoted(text: str) -> str:
    """Return a name or value, in double quotes where it needs them."""
    is_plain = text and text[0] not in _OTHER_QUOTES
    if is_plain and not any(letter.isspace() or letter in _RESERVED for letter in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
