"""The table of secrets: what they look like. The group of a pattern that took part is what gets replaced.

The order matters only where rows overlap: what spans lines comes first, what has a name last.
"""

from dataclasses import dataclass, field
from typing import Any

import re2

MARK = "[redacted]"

_WORD = (
    r"(?:passw(?:or[dt]|d)|pass[ _.-]?(?:phrase|code)|kennwort|contrase(?:ñ|n)a|secret|token|credential"
    r"|authorization|cookie|csrf|xsrf|sess(?:ion)?[ _.-]?id|signature"
    r"|(?:api|access|private|signing|encryption|master|account|shared|auth|client|secret|session|storage)"
    r"[ _.-]?key)"
)
_SHORT = r"(?:pass|pwd|pw|auth|psk|pin)"
"""Words that mean a secret only when they are a name, or its last part, on their own."""
_NAME = rf"(?:[\w.-]*{_WORD}[\w.-]*|\b(?:[\w.-]*[_.-])?{_SHORT}|[\w.-]*[a-z0-9](?-i:Pass|Pwd))"
_NAMED = r"""(?:\\*["'])?\]?(?:[ \t]+is)?"""
_EQUALS = r"(?:=+>?|%3d|\\u003d|&#(?:61|x3d);)"
_COLON = r"(?::+[=>]?|->|%3a|\\u003a|&#(?:58|x3a);)"
_IS = rf"{_NAMED}[ \t]*(?:[:=]+>?|{_EQUALS}|{_COLON})"
_QUOTED = r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.|'')*')"""
_WORDS_AFTER = r"""[ \t,;&]+["']?[\w.-]+["']?="""
_END = r"""(?:(?m:$)|\\[nr][^ \t]|["'][ \t]*[,}\])]|,[ \t]*\\*["']?[\w.-]+\\*["']?[ \t]*[:=])"""


@dataclass(frozen=True)
class Kind:
    """One row: its name, its pattern, a text with such a secret, and what becomes of that text."""

    name: str
    pattern: Any = field(repr=False)
    example: str
    clean: str


def _kind(name: str, pattern: str, example: str, clean: str) -> Kind:
    return Kind(name, re2.compile(pattern.encode()), example, clean)


NAME = re2.compile(rf"(?i){_WORD}|(?:^|[_.-]){_SHORT}$".encode())
"""Finds a secret's name in the name of a field."""

KINDS = (
    _kind(
        "private key",
        r"(?s)(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r".*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z))",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nrest",
        f"{MARK}\nrest",
    ),
    _kind(
        "end of a private key whose beginning was cut off",
        r"\A((?:[A-Za-z0-9+/=\s]|\\n)*-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)",
        "aHVudGVy\nMg==\n-----END PRIVATE KEY-----\nrest",
        f"{MARK}\nrest",
    ),
    _kind(
        "password in an address",
        r"(?i)[a-z][a-z0-9+.-]*://[^\s:/@\"]*:([^\s\"]*)@",
        "postgres://svc:hunter2@db-1/shop",
        f"postgres://svc:{MARK}@db-1/shop",
    ),
    _kind(
        "token as the user in an address",
        r"(?i)https?://([^\s:/@\"?#]+)@",
        "https://hunter2@git.example.org/shop.git",
        f"https://{MARK}@git.example.org/shop.git",
    ),
    _kind(
        "address of MySQL's Go driver",
        r"[\w.-]+:([^\s\"]*)@(?:tcp|unix)\(",
        "svc:hunter2@tcp(db-1:3306)/shop",
        f"svc:{MARK}@tcp(db-1:3306)/shop",
    ),
    _kind(
        "JSON Web Token",
        r"\b(eyJ[\w-]+(?:\.[\w-]*){2,4})",
        "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln for web",
        f"got {MARK} for web",
    ),
    _kind(
        "AWS key id",
        r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,})",
        "key AKIAIOSFODNN7EXAMPLE of web",
        f"key {MARK} of web",
    ),
    _kind(
        "Google key or token",
        r"\b(AIza[\w-]{30,}|ya29\.[\w.-]+|GOCSPX-[\w-]+)",
        "maps AIzaSyA1234567890abcdefghijklmnopqrstuvw for web",
        f"maps {MARK} for web",
    ),
    _kind(
        "Azure client secret or signature",
        r"(\b[\w.~-]{3}8Q~[\w.~-]{30,}|\bsv=[\w%-]+&[^\s\"']*sig=[^\s\"'&]+|\bsig=[^\s\"'&]{20,})",
        "blob?sv=2024-11-04&ss=b&sig=aHVudGVyMg%3D now",
        f"blob?{MARK} now",
    ),
    _kind(
        "token of GitHub, GitLab, Slack or another known prefix",
        r"\b(gh[a-z]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|gl[a-z]{2,8}-[\w.-]{16,}"
        r"|xox[a-z]-[\w-]{8,}|xapp-[\w-]{8,}|hooks\.slack\.com/(?:services|workflows)/[\w/]+"
        r"|[prs]k_(?:live|test)_\w{8,}|npm_[A-Za-z0-9]{20,}|pypi-[\w-]{16,}|sk-[\w-]{20,}"
        r"|SG\.[\w-]{16,}\.[\w-]+|hv[sbr]\.[\w-]{16,}|hf_[A-Za-z0-9]{20,}|do[opr]_v1_\w{16,}"
        r"|dckr_pat_[\w-]{16,}|AGE-SECRET-KEY-1[A-Z0-9]+|gls[ac]_\w{16,}|whsec_[\w+/=]{16,}"
        r"|dapi[0-9a-f]{32}|lin_api_\w{16,}|shp[a-z]{2}_[0-9a-f]{16,}|xkeysib-[\w-]{16,}|PMAK-[\w-]{16,})",
        "push with ghp_0123456789abcdefghijABCDEFGHIJ012345 failed",
        f"push with {MARK} failed",
    ),
    _kind(
        "address whose path is the secret",
        r"(?i)discord(?:app)?\.com/api/webhooks/(\d+/[\w-]+)|\.webhook\.office\.com/(webhookb2/[^\s\"']+)"
        r"|api\.telegram\.org/(?:file/)?bot(\d+:[\w-]+)|events\.pagerduty\.com/integration/(\w+)",
        "POST https://discord.com/api/webhooks/1234/hunter2 429",
        f"POST https://discord.com/api/webhooks/{MARK} 429",
    ),
    _kind(
        "API token of OIMS",
        r"\b(oims_[\w-]{43})(?:[^\w-]|\z)",
        "with oims_0123456789abcdefghijABCDEFGHIJ0123456789-_x it works",
        f"with {MARK} it works",
    ),
    _kind(
        "link that OIMS mails",
        r"/(?:invitation|password/reset|unsubscribe)/([\w.~%-]+)",
        "GET /password/reset/0123456789abcdefghijABCDEFGHIJ0123456789-_x 200",
        f"GET /password/reset/{MARK} 200",
    ),
    _kind(
        "credentials of a program called with user:password",
        r"(?:^|[\s\"'])(?:-[uU]|--(?:proxy-)?user|--userpwd)[ \t=]*[\"']?[^\s:\"']+:"
        rf"({_QUOTED}|[^\s\"']+)",
        "curl -u admin:hunter2 https://web",
        f"curl -u admin:{MARK} https://web",
    ),
    _kind(
        "password option of a program that spells it short",
        r"\b(?:mysql\w*|mariadb[\w-]*|sshpass|redis-cli|ldap\w+|docker login|helm registry login|podman login"
        rf"|mongo\w*|sqlcmd)[ \t](?:[^\n]*?[ \t])?-[apwP][ \t]*({_QUOTED}|[^\s\"'-][^\s]*)",
        "mysql -u svc -phunter2 shop",
        f"mysql -u svc -p{MARK} shop",
    ),
    _kind(
        "option with a secret's name",
        rf"(?i)(?:^|[\s\"'])--?[\w-]*(?:{_WORD}[\w-]*|{_SHORT})[ \t]+({_QUOTED}+|[^\s\"'-]\S*)",
        "login --password hunter2 --quiet",
        f"login --password {MARK} --quiet",
    ),
    _kind(
        "password of openssl",
        r"-pass(?:in|out)?[ \t]+(?:pass:)?([^\s\"']+)",
        "openssl rsa -passin pass:hunter2",
        f"openssl rsa -passin pass:{MARK}",
    ),
    _kind(
        "password in a statement or a file without separators",
        rf"(?i)\b(?:identified[ \t]+(?:with[ \t]+\S+[ \t]+)?(?:by|as)|password|passphrase|requirepass"
        rf"|masterauth|passwd|set[ \t]+password[ \t][^=\n]*=)[ \t]+({_QUOTED})"
        r"|\b(?:requirepass|masterauth|bindpw|rootpw)[ \t]+(\S+)",
        "ALTER USER svc PASSWORD 'hunter2';",
        f"ALTER USER svc PASSWORD {MARK};",
    ),
    _kind(
        "argument of a program that takes a password without a name",
        r"\brabbitmqctl[ \t][^\n]*?\b(?:add_user|change_password)[ \t]+\S+[ \t]+(\S+)"
        r"|\bhtpasswd[ \t]+-\w*b\w*[ \t]+\S+[ \t]+\S+[ \t]+(\S+)"
        r"|\b(?:echo|printf)[ \t]+[\"']?[\w.-]+:([^\s\"'|]+)[\"']?[ \t]*\|[^\n]*\bchpasswd"
        r"|[ \t]-U[ \t]*[\w.\\/-]+%([^\s\"']+)",
        "rabbitmqctl -q change_password svc hunter2",
        f"rabbitmqctl -q change_password svc {MARK}",
    ),
    _kind(
        "netrc",
        r"\blogin[ \t\n]+\S+[ \t\n]+password[ \t\n]+(\S+)",
        "machine db login svc password hunter2 rest",
        f"machine db login svc password {MARK} rest",
    ),
    _kind(
        "element with a secret's name",
        rf"(?i)<[\w:.-]*{_WORD}[\w:.-]*(?:[ \t][^<>]*)?>([^<]+)",
        "<db-password>hunter2</db-password>",
        f"<db-password>{MARK}</db-password>",
    ),
    _kind(
        "attribute beside a secret's name",
        rf"(?i)<[^<>]*?\bname=[\"']{_NAME}[\"'][^<>]*?\bvalue=({_QUOTED})"
        rf"|<[\w:.-]*{_WORD}[\w:.-]*[ \t][^<>]*?\bvalue=({_QUOTED})",
        '<property name="db.password" value="hunter2"/>',
        f'<property name="db.password" value={MARK}/>',
    ),
    _kind(
        "variable of a container",
        rf"(?i)\bname\\*[\"']?[ \t]*:[ \t]*\\*[\"']?{_NAME}\\*[\"']?[ \t]*,?(?:\s|\\n)*"
        r"\\*[\"']?value\\*[\"']?[ \t]*:[ \t]*"
        rf"({_QUOTED}|[^\n]*)",
        '{"name": "DB_PASSWORD", "value": "hunter2"}',
        f'{{"name": "DB_PASSWORD", "value": {MARK}}}',
    ),
    _kind(
        "authentication scheme",
        r"(?i)\b(?:bearer[ \t]+([^\s\"',;]+)|(?:basic|negotiate|digest)[ \t]+([\w.~+/=-]{8,}))",
        "curl -H 'bearer hunter2'",
        f"curl -H 'bearer {MARK}'",
    ),
    _kind(
        "what is indented under a name",
        rf"(?i){_NAME}{_IS}[ \t]*((?:[|>\[{{(][-+\d]*)?[ \t]*\r?\n"
        r"(?:(?:[ \t]+[^\n]*\n)*[ \t]+[^\n]+|[^\s:=]+[ \t]*(?m:$)))",
        "password: |\n  hunter2\n  lamps\nuser: svc",
        f"password: {MARK}\nuser: svc",
    ),
    _kind(
        "name and value in quotes",
        rf"(?i){_NAME}{_IS}[ \t]*([bru]?{_QUOTED}+)",
        '"db_password": "hunter2", "x": 1',
        f'"db_password": {MARK}, "x": 1',
    ),
    _kind(
        "name = value",
        rf"(?i){_NAME}{_NAMED}[ \t]*{_EQUALS}[ \t]*"
        rf"([^\s\"'][^\n]*?)(?:{_END}|{_WORDS_AFTER}|[ \t]--?[a-z])",
        "API_KEY=hunter2 other=1",
        f"API_KEY={MARK} other=1",
    ),
    _kind(
        "name: value",
        rf"(?i){_NAME}{_NAMED}[ \t]*{_COLON}[ \t]*(?:\\[nr][ \t]*)?(\S[^\n]*?){_END}",
        "password: correct horse hunter2",
        f"password: {MARK}",
    ),
)

_spans_only = re2.Options()
_spans_only.never_capture = True
ANY = re2.compile("|".join(f"(?:{kind.pattern.pattern.decode()})" for kind in KINDS).encode(), _spans_only)
"""Finds out quickly that a short text has no secret. In a long one it would need too many states."""
