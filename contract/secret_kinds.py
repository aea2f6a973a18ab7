"""The table of secrets: what they look like. The group of a pattern that took part is what gets replaced.

The order matters only where rows overlap: what spans lines comes first, what has a name last.
"""

from itertools import batched

import re2

from contract.secret_commands import COMMANDS
from contract.secret_words import (
    COLON,
    END,
    EQUALS,
    IS,
    MARK,
    NAMED,
    QUOTED,
    SHORT,
    SOME_NAME,
    WORD,
    WORDS_AFTER,
    kind,
)

NAME = re2.compile(rf"(?i){WORD}|(?:^|[_.-]){SHORT}$".encode())
"""Finds a secret's name in the name of a field."""

KINDS = (
    kind(
        "private key",
        r"(?s)(-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r".*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z))",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nrest",
        f"{MARK}\nrest",
    ),
    kind(
        "end of a private key whose beginning was cut off",
        r"\A((?:[A-Za-z0-9+/=\s]|\\n)*-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----)",
        "aHVudGVy\nMg==\n-----END PRIVATE KEY-----\nrest",
        f"{MARK}\nrest",
    ),
    kind(
        "PuTTY's private key",
        r"\bPrivate-Lines:[ \t]*\d+(?s:(.*?))Private-MAC",
        "Private-Lines: 1\nhunter2\nPrivate-MAC: 0",
        f"Private-Lines: 1{MARK}Private-MAC: 0",
    ),
    kind(
        "data of a Secret of Kubernetes",
        r"\b(?:stringData|data):((?:\n[ \t]+[^\n]*)+)\nkind: Secret\b"
        r"|(?s:\bkind: Secret\n.*?\b(?:stringData|data):)((?:\n[ \t]+[^\n]*)+)"
        r"|\"(?:stringData|data)\"\s*:\s*\{([^{}]*)\}[^{}]*\"kind\"\s*:\s*\"Secret\""
        r"|(?s:\"kind\"\s*:\s*\"Secret\".*?\"(?:stringData|data)\"\s*:\s*)\{([^{}]*)\}",
        "data:\n  tls.key: hunter2\nkind: Secret",
        f"data:{MARK}\nkind: Secret",
    ),
    kind(
        "password in an address",
        r"(?i)[a-z][a-z0-9+.-]*://[^\s:/@\"]*:([^\s\"]*)@",
        "postgres://svc:hunter2@db-1/shop",
        f"postgres://svc:{MARK}@db-1/shop",
    ),
    kind(
        "token as the user in an address",
        r"(?i)https?://([^\s:/@\"?#]+)@",
        "https://hunter2@git.example.org/shop.git",
        f"https://{MARK}@git.example.org/shop.git",
    ),
    kind(
        "address of MySQL's Go driver",
        r"[\w.-]+:([^\s\"]*)@(?:tcp|unix)\(",
        "svc:hunter2@tcp(db-1:3306)/shop",
        f"svc:{MARK}@tcp(db-1:3306)/shop",
    ),
    kind(
        "password in an address without a scheme",
        r"(?:^|[\s\"'=])[\w.-]+:([^\s:@/\"']+)@[\w.-]+(?::\d{1,5}|/)",
        "dial svc:hunter2@db-1:5432 failed",
        f"dial svc:{MARK}@db-1:5432 failed",
    ),
    kind(
        "line of a pgpass file",
        r"(?m)^[\w.*-]+:(?:\d{1,5}|\*):[^\s:]+:[^\s:]+:(\S+)$",
        "db-1:5432:shop:svc:hunter2",
        f"db-1:5432:shop:svc:{MARK}",
    ),
    kind(
        "JSON Web Token",
        r"\b(eyJ[\w-]+(?:\.[\w-]*){2,4})",
        "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln for web",
        f"got {MARK} for web",
    ),
    kind(
        "AWS key id",
        r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,})",
        "key AKIAIOSFODNN7EXAMPLE of web",
        f"key {MARK} of web",
    ),
    kind(
        "Google key or token",
        r"\b(AIza[\w-]{30,}|ya29\.[\w.-]+|GOCSPX-[\w-]+)",
        "maps AIzaSyA1234567890abcdefghijklmnopqrstuvw for web",
        f"maps {MARK} for web",
    ),
    kind(
        "Azure client secret or signature",
        r"(\b[\w.~-]{3}8Q~[\w.~-]{30,}|\bsv=[\w%-]+&[^\s\"']*sig=[^\s\"'&]+|\bsig=[^\s\"'&]{20,})",
        "blob?sv=2024-11-04&ss=b&sig=aHVudGVyMg%3D now",
        f"blob?{MARK} now",
    ),
    kind(
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
    kind(
        "address whose path is the secret",
        r"(?i)discord(?:app)?\.com/api/webhooks/(\d+/[\w-]+)|\.webhook\.office\.com/(webhookb2/[^\s\"']+)"
        r"|api\.telegram\.org/(?:file/)?bot(\d+:[\w-]+)|events\.pagerduty\.com/integration/(\w+)",
        "POST https://discord.com/api/webhooks/1234/hunter2 429",
        f"POST https://discord.com/api/webhooks/{MARK} 429",
    ),
    kind(
        "API token of OIMS",
        r"\b(oims_[\w-]{43})(?:[^\w-]|\z)",
        "with oims_0123456789abcdefghijABCDEFGHIJ0123456789-_x it works",
        f"with {MARK} it works",
    ),
    kind(
        "link that OIMS mails",
        r"/(?:invitation|password/reset|reset-password|unsubscribe)/([\w.~%-]+)",
        "GET /password/reset/0123456789abcdefghijABCDEFGHIJ0123456789-_x 200",
        f"GET /password/reset/{MARK} 200",
    ),
    kind(
        "ping address of OIMS or Healthchecks",
        r"(?i)(?:/ping|//hc-ping\.com)/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
        "curl https://oims.example.org/ping/0f5c5a52-6c1e-4d0b-9d57-0d6f3c5b7a11/fail",
        f"curl https://oims.example.org/ping/{MARK}/fail",
    ),
    *COMMANDS,
    kind(
        "password in a statement or a file without separators",
        rf"(?i)\b(?:identified[ \t]+(?:with[ \t]+\S+[ \t]+)?(?:by|as)|password|passphrase|requirepass"
        rf"|masterauth|passwd|set[ \t]+password[ \t][^=\n]*=)[ \t]+({QUOTED})"
        r"|\b(?:requirepass|masterauth|bindpw|rootpw)[ \t]+(\S+)",
        "ALTER USER svc PASSWORD 'hunter2';",
        f"ALTER USER svc PASSWORD {MARK};",
    ),
    kind(
        "netrc",
        r"\blogin[ \t\n]+\S+[ \t\n]+password[ \t\n]+(\S+)",
        "machine db login svc password hunter2 rest",
        f"machine db login svc password {MARK} rest",
    ),
    kind(
        "element with a secret's name",
        rf"(?i)<(?:[\w:.-]*{WORD}[\w:.-]*|(?:[\w.-]*[:.-])?{SHORT})(?:[ \t][^<>]*)?>([^<]+)"
        rf"|<[^<>]*?\b(?:name|key)=[\"']{SOME_NAME}[\"'][^<>]*>([^<]+)"
        rf"|<(?:name|key)>{SOME_NAME}</(?:name|key)>\s*<value>([^<]+)",
        "<db-password>hunter2</db-password>",
        f"<db-password>{MARK}</db-password>",
    ),
    kind(
        "attribute beside a secret's name",
        rf"(?i)<[^<>]*?\b(?:name|key|type)=[\"']?{SOME_NAME}[\"']?[ \t][^<>]*?\bvalue=({QUOTED}|[^\s\"'<>]+)"
        rf"|<[^<>]*?\bvalue=({QUOTED})[^<>]*?\b(?:name|key|type)=[\"']?{SOME_NAME}[\"'\s/>]"
        rf"|<[\w:.-]*{WORD}[\w:.-]*[ \t][^<>]*?\bvalue=({QUOTED})",
        '<property name="db.password" value="hunter2"/>',
        f'<property name="db.password" value={MARK}/>',
    ),
    kind(
        "variable of a container",
        rf"(?i)\b(?:name|key)\\*[\"']?[ \t]*:[ \t]*\\*[\"']?{SOME_NAME}\\*[\"']?[ \t]*,?(?:\s|\\n)*"
        r"\\*[\"']?value\\*[\"']?[ \t]*:[ \t]*"
        rf"({QUOTED}|[^\n]*)"
        rf"|\bvalue[\"']?[ \t]*:[ \t]*({QUOTED})[ \t]*,"
        rf"\s*[\"']?(?:name|key)[\"']?[ \t]*:[ \t]*[\"']{SOME_NAME}[\"']"
        rf"|\b(?:name|key)=[\"']?{SOME_NAME}[\"']?[ \t]+value=({QUOTED}|[^\s<>\[]\S*)",
        '{"name": "DB_PASSWORD", "value": "hunter2"}',
        f'{{"name": "DB_PASSWORD", "value": {MARK}}}',
    ),
    kind(
        "authentication scheme",
        r"(?i)\b(?:bearer[ \t]+([^\s\"',;]+)|(?:basic|negotiate)[ \t]+([\w.~+/=-]{8,})"
        r"|digest[ \t][^\n]*?\bresponse=\"?([^\s\",]+))",
        "curl -H 'bearer hunter2'",
        f"curl -H 'bearer {MARK}'",
    ),
    kind(
        "what is indented under a name",
        rf"(?i){SOME_NAME}(?:{IS}|\n:)[ \t]*((?:(?:![\w-]+[ \t]+)?[|>\[{{(][-+\d]*)?[ \t]*\r?\n"
        r"(?:(?:[ \t]+[^\n]*\n)*[ \t]+[^\n]+|[^\s:=]+[ \t]*(?m:$)))",
        "password: |\n  hunter2\n  lamps\nuser: svc",
        f"password: {MARK}\nuser: svc",
    ),
    kind(
        "value behind a name in a sentence or a prompt",
        r"(?i)\b(?:passw(?:or[dt]|d)|passphrase|(?:api|access|secret|private)[ _-]key|secret|token)[ \t]+"
        r"(?:is|was)[ \t]+[\"']?([^\s\"']*[0-9@#$%^&*!_+=/~][^\s\"']*)"
        r"|\b(?:passw(?:or[dt]|d)|passphrase)[ \t]+for[ \t]+[^\s:]+[ \t]*:[ \t]*(\S+)"
        r"|\b(?:passw(?:or[dt]|d)|passphrase|pwd)[ \t]+([a-z]\S*\d\S*|\d\S*[a-z]\S*)",
        "the password is hunter2",
        f"the password is {MARK}",
    ),
    kind(
        "value behind a name in a table, a list or a call",
        rf"(?i){SOME_NAME}[\"']?(?:[ \t]*\||\t|[ \t]*[.]{{3,}})[ \t|.:=]*({QUOTED}|[^\s\"'|=:.,][^\s|]*)"
        rf"|[(\[][ \t]*[\"']{SOME_NAME}[\"'],[ \t]*({QUOTED})|{SOME_NAME}[(\[][ \t]*({QUOTED})",
        'setPassword("hunter2")',
        f"setPassword({MARK})",
    ),
    kind(
        "name and value in quotes",
        rf"(?i){SOME_NAME}(?:{IS}|[\"']\s*{COLON})[ \t]*([bru]?{QUOTED}+)",
        '"db_password": "hunter2", "x": 1',
        f'"db_password": {MARK}, "x": 1',
    ),
    kind(
        "name = value",
        rf"(?i){SOME_NAME}{NAMED}[ \t]*{EQUALS}[ \t]*"
        rf"([^\s\"'][^\n]*?)(?:{END}|{WORDS_AFTER}|[ \t]--?[a-z])",
        "API_KEY=hunter2 other=1",
        f"API_KEY={MARK} other=1",
    ),
    kind(
        "name: value",
        rf"(?i){SOME_NAME}{NAMED}[ \t]*{COLON}[ \t]*(?:\\[nr][ \t]*)?(\S[^\n]*?){END}",
        "password: correct horse hunter2",
        f"password: {MARK}",
    ),
)

_spans_only = re2.Options()
_spans_only.never_capture = True
ANY = tuple(
    re2.compile("|".join(f"(?:{row.pattern.pattern.decode()})" for row in rows).encode(), _spans_only)
    for rows in batched(KINDS, 13)
)
"""Find out quickly that a short text has no secret. More rows in one, or a long text, need more states."""
