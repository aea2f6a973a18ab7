"""The words of which the table of secrets is made, and the form of its rows."""

from dataclasses import dataclass, field
from typing import Any

import re2

MARK = "[redacted]"

WORD = (
    r"(?:p(?:a|@)ssw(?:or[dt]|d)|pass[ _.-]?(?:phrase|code)|kennwort|contrase(?:ñ|n)a|senha|wachtwoord|hasło"
    r"|mot[ _.-]de[ _.-]passe|(?:П|п)ароль|パスワード|密码|密碼|口令"
    r"|secret|token|credential|mnemonic|(?:recovery|backup|mfa)[ _.-]?codes?"
    r"|authorization|basic[_.-]?auth|cookie|csrf|xsrf|sess(?:ion)?[ _.-]?id|signature"
    r"|(?:api|access|private|signing|encryption|master|account|shared|auth|client|secret|session|storage"
    r"|consumer|subscription|functions|hmac|license|ssh)[ _.-]?key)"
)
SHORT = (
    r"(?:(?:ssh|db|user|root|admin|smtp|mail|ftp|ldap)?pass|pwd|pw|auth|psk|pin|creds|hmac|t?otp|bearer|sid)"
)
"""Words that mean a secret only when they are a name, or its last part, on their own."""
SOME_NAME = rf"(?:[\w.-]*{WORD}[\w.-]*|\b(?:[\w.-]*[_.-])?{SHORT}|[\w.-]*[a-z0-9](?-i:Pass|Pwd))"
NAMED = r"""(?:\\*["'])?\]?(?:[ \t]+is)?"""
EQUALS = r"(?:=+>?|＝|<-|%3d|\\u003d|&#(?:61|x3d);)"  # noqa: RUF001 - full-width, as East Asian programs print it
COLON = r"(?::+[=>]?|：|->|%3a|\\u003a|&#(?:58|x3a);)"  # noqa: RUF001
IS = rf"{NAMED}[ \t]*(?:[:=]+>?|{EQUALS}|{COLON})"
QUOTED = r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.|'')*')"""
WORDS_AFTER = r"""[ \t,;&]+["']?[\w.-]+["']?="""
END = r"""(?:(?m:$)|\\[nr][^ \t]|["'][ \t]*[,}\])]|,[ \t]*\\*["']?[\w.-]+\\*["']?[ \t]*[:=])"""


@dataclass(frozen=True)
class Kind:
    """One row: its name, its pattern, a text with such a secret, and what becomes of that text."""

    name: str
    pattern: Any = field(repr=False)
    example: str
    clean: str


def kind(name: str, pattern: str, example: str, clean: str) -> Kind:
    """Make a row; RE2 reads its pattern, which sees bytes."""
    return Kind(name, re2.compile(pattern.encode()), example, clean)
