"""The rows of the table of secrets for what a program is called with."""

from contract.secret_words import MARK, QUOTED, SHORT, WORD, kind

COMMANDS = (
    kind(
        "credentials of a program called with user:password",
        r"(?:^|[\s\"'])(?:-[uU]|--(?:proxy-)?user|--userpwd)[ \t=]*[\"']?[^\s:\"']+:"
        rf"({QUOTED}|[^\s\"']+)",
        "curl -u admin:hunter2 https://web",
        f"curl -u admin:{MARK} https://web",
    ),
    kind(
        "password option of a program that spells it short",
        r"\b(?:mysql\w*|mariadb[\w-]*|sshpass|redis-cli|ldap\w+|docker login|helm registry login|podman login"
        rf"|mongo\w*|sqlcmd)[ \t](?:[^\n]*?[ \t])?-[apwP][ \t]*({QUOTED}|[^\s\"'-][^\s]*)",
        "mysql -u svc -phunter2 shop",
        f"mysql -u svc -p{MARK} shop",
    ),
    kind(
        "option with a secret's name",
        rf"(?i)(?:^|[\s\"'])--?[\w-]*(?:{WORD}[\w-]*|{SHORT})[ \t]+({QUOTED}+|[^\s\"'-]\S*)",
        "login --password hunter2 --quiet",
        f"login --password {MARK} --quiet",
    ),
    kind(
        "password of openssl",
        r"-pass(?:in|out)?[ \t]+(?:pass:)?([^\s\"']+)",
        "openssl rsa -passin pass:hunter2",
        f"openssl rsa -passin pass:{MARK}",
    ),
    kind(
        "argument of a program that takes a password without a name",
        r"\brabbitmqctl[ \t][^\n]*?\b(?:add_user|change_password)[ \t]+\S+[ \t]+(\S+)"
        r"|\bhtpasswd[ \t]+-\w*b\w*[ \t]+\S+[ \t]+\S+[ \t]+(\S+)"
        r"|\b(?:echo|printf)[ \t]+[\"']?[\w.-]+:([^\s\"'|]+)[\"']?[ \t]*\|[^\n]*\bchpasswd"
        r"|[ \t]-U[ \t]*[\w.\\/-]+%([^\s\"']+)",
        "rabbitmqctl -q change_password svc hunter2",
        f"rabbitmqctl -q change_password svc {MARK}",
    ),
    kind(
        "password option of a tool that calls it -p, -P, -k or -a",
        r"\b(?:az login|useradd|usermod|ipmitool|unzip|zip|7z|openssl enc|https?)[ \t](?:[^\n]*?[ \t])?"
        rf"-[pPka][ \t]*(?:[\w.-]+:)?({QUOTED}|[^\s\"'-]\S*)"
        rf"|\bsnmp\w+[ \t](?:[^\n]*?[ \t])?-[cAX][ \t]*({QUOTED}|[^\s\"'-]\S*)"
        r"|\bx?freerdp[ \t][^\n]*?/p:(\S+)",
        "az login -u svc -p hunter2",
        f"az login -u svc -p {MARK}",
    ),
    kind(
        "argument of a program that sets, or logs in with, a secret",
        rf"\b(?:vault login|mysqladmin[ \t][^\n]*?\bpassword|aws configure set[ \t]+\S*(?i:key|token)\S*)"
        rf"[ \t]+({QUOTED}|[^\s\"'-]\S*)"
        rf"|\bgh secret set[ \t][^\n]*?(?:-b|--body)[ \t=]+({QUOTED}|\S+)"
        rf"|--from-literal[ \t=]+\"?[\w.-]+=({QUOTED}|[^\s\"']+)"
        rf"|\bcurl[ \t](?:[^\n]*?[ \t])?(?:-b|--cookie)[ \t=]*({QUOTED}|[^\s\"'-]\S*=\S*)"
        r"|\bnet use[ \t][^\n]*?\\\\\S+[ \t]+(\S+)[ \t]+/user:"
        r"|(?m:^|[ \t\"])AUTH\"?(?:[ \t]+\"?[\w.-]+\"?)?[ \t]+\"?([^\s\"]*\d[^\s\"]*)\"?(?m:$)",
        "kubectl create secret generic s --from-literal=tls=hunter2",
        f"kubectl create secret generic s --from-literal=tls={MARK}",
    ),
    kind(
        "variable that is set without a sign between",
        rf"(?i)\b(?:ENV|setx)[ \t]+(?:[\w.-]*{WORD}[\w.-]*|[\w.-]*[_.-]{SHORT})[ \t]+({QUOTED}|\S+)",
        "ENV DB_PASSWORD hunter2",
        f"ENV DB_PASSWORD {MARK}",
    ),
    kind(
        "what is piped into a program that reads a password",
        rf"\b(?:echo|printf)[ \t]+(?:-n[ \t]+)?({QUOTED}|[^\s|]+)[ \t]*\|[^\n|]*"
        r"(?:--password-stdin|\bsudo[ \t]+-S|\bpasswd[ \t]+--stdin|\bcryptsetup)",
        "echo hunter2 | docker login -u svc --password-stdin",
        f"echo {MARK} | docker login -u svc --password-stdin",
    ),
    kind(
        "login of Oracle",
        r"(?:\boracle:(?:thin|oci):|\b(?:sqlplus|sqlldr|expdp|impdp|rman)[ \t](?:-\w+[ \t]+)*)"
        r"[\w.$-]+/([^\s@\"']+)",
        "sqlplus -s svc/hunter2@db-1",
        f"sqlplus -s svc/{MARK}@db-1",
    ),
)
