"""No secret reaches a log or a run's record, whatever its form, and looking for it takes no time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.redaction import MAX_SECRETS, MAX_TEXT, SHORT_TEXT, redact, redact_fields
from contract.secret_kinds import KINDS

SECRET = "hunter2-of-the-test"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.threat("T14")
def test_a_row_hides_its_example_and_keeps_the_rest(kind):
    assert kind.pattern.search(kind.example.encode())
    assert redact(kind.example) == kind.clean


@pytest.mark.parametrize(
    "text",
    [
        "password: {}",
        "password: correct horse {}",
        "password: correct horse {}\nuser: svc",
        '{{"password": "{}"}}',
        '{{"password":"with \\"quotes\\" {}"}}',
        "{{'password': '{}', 'user': 'svc'}}",
        "password: 'it''s {}'",
        '"stdout": "password: correct horse {}\\nexport X=1"',
        '"stdout": "{{\\"password\\": \\"{}\\"}}"',
        "Password={} and more",
        "password = correct horse {}",
        "export AWS_SECRET_ACCESS_KEY={}",
        "aws_session_token = {}",
        "passphrase={}",
        "DB_PASS={}",
        "PGPASSWORD='{}' psql",
        "MYSQL_PWD={} mysql",
        "dbPassword: {}",
        ":password => '{}'",
        "config['secret'] = '{}'",
        "Api key: {}",
        "private-key: {}",
        "password:\n  {}\nuser: svc",
        "password: >-\n  correct\n  horse {}\nuser: svc",
        "tokens:\n  - one\n  - {}\n",
        '"tokens": [\n  "one",\n  "{}"\n]',
        "Password:\n{}\n",
        "Token:\\n{}",
        "postgres://svc:{}@db-1/shop",
        "postgres://svc:p@ss/{}@db-1/shop",
        "redis://:{}@cache:6379/0",
        "amqp://a:x@h1,amqp://b:{}@h2",
        "https://{}@git.example.org/x.git",
        "curl -u admin:{} https://x",
        "curl -uadmin:{} https://x",
        'curl --user "admin:{}" https://x',
        "curl --user=admin:{} https://x",
        "wget --password={} https://x",
        "login --password {} --quiet",
        "gh auth --token '{}'",
        "mysql -u root -p{} shop",
        "sshpass -p {} ssh web",
        "docker login -u me -p {} registry",
        "redis-cli -h cache -a {} PING",
        "openssl rsa -passin pass:{} -in k",
        "Authorization: Bearer {}",
        "Authorization: Basic {}",
        'curl -H "Authorization: token {}" https://x',
        "bearer {}",
        "X-Api-Key: {}",
        "X-Vault-Token: {}",
        "PRIVATE-TOKEN: {}",
        "Cookie: session={}; theme=dark",
        "Set-Cookie: oims={}; HttpOnly",
        "csrf_token={}",
        "GET /x?access_token={}&page=2",
        "q=password%3D{}",
        "Server=db;Password={};User=svc",
        "DefaultEndpointsProtocol=https;AccountKey={};EndpointSuffix=core",
        "https://x.blob/c?sv=2024-11-04&sr=b&sig={}",
        "<password>{}</password>",
        '<bean password="{}"/>',
        '{{"name": "DB_PASSWORD", "value": "{}"}}',
        "- name: DB_PASSWORD\n  value: {}",
        "CREATE USER svc IDENTIFIED BY '{}'",
        "ALTER USER svc WITH PASSWORD '{}'",
        "requirepass {}",
        "machine db login svc password {}",
        '"auth": "{}"',
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\n{}",
        "token=x token={} token=y",
        "http://localhost:5000/invitation/{}",
        "https://shop.example.org/reset-password/{}",
        'Authorization: Digest username="svc", response="{}"',
        "Bearer: {}",
        "bearer={}",
        "Ocp-Apim-Subscription-Key: {}",
        "hmac_key={}",
        "creds: svc:{}",
        "SSHPASS={} sshpass -e ssh web",
        "connect.sid={}",
        "recovery codes: {}",
        "mnemonic: {}",
        "p@ssword={}",
        "Пароль: {}",
        "mot de passe: {}",
        "senha: {}",
        "密码\N{FULLWIDTH COLON}{}",
        "password\N{FULLWIDTH EQUALS SIGN}{}",
        "the password was {} yesterday",
        "api key is {}",
        "Password for svc: {}",
        "password {}",
        "Password .......: {}",
        "password\t{}",
        "| password | {} |",
        '["password", "{}"]',
        "config.set_password('{}')",
        'password <- "{}"',
        '"password"\n: "{}"',
        "password: !vault |\n  {}",
        '{{"value": "{}", "name": "password"}}',
        '{{"key": "password", "value": "{}"}}',
        "- key: password\n  value: {}",
        "<pwd>{}</pwd>",
        '<entry key="password">{}</entry>',
        "<property><name>db.password</name><value>{}</value></property>",
        '<add key="ApiKey" value="{}"/>',
        '<input value="{}" name="password">',
        "<input type=hidden name=csrf value={}>",
        "kind: Secret\nmetadata:\n  name: s\nstringData:\n  tls.key: {}",
        "apiVersion: v1\ndata:\n  anything: {}\nkind: Secret",
        '{{"data": {{"anything": "{}"}}, "kind": "Secret"}}',
        '{{"kind": "Secret", "metadata": {{"name": "s"}}, "data": {{"anything": "{}"}}}}',
        "kubectl create secret generic s --from-literal=key={}",
        "Private-Lines: 2\n{}\nMg==\nPrivate-MAC: 0",
        "db-1:5432:shop:svc:{}",
        "dial svc:{}@db-1:5432/shop",
        "jdbc:oracle:thin:svc/{}@db-1:1521",
        "ENV DB_PASSWORD {}",
        "setx API_KEY {}",
        "vault login {}",
        "mysqladmin -u root password {}",
        "aws configure set aws_secret_access_key {}",
        "gh secret set KEY --body {}",
        "redis> AUTH svc {}",
        'curl -b "session={}" https://web',
        "az login -u svc -p {}",
        "openssl enc -aes-256-cbc -k {} -in x",
        "unzip -P {} x.zip",
        "7z x -p{} x.7z",
        "ipmitool -U svc -P {} power on",
        "snmpget -v2c -c {} web 1.3",
        "net use x: \\\\web\\share {} /user:svc",
        "echo '{}' | docker login -u svc --password-stdin",
        "echo {} | sudo -S reboot",
    ],
)
@pytest.mark.threat("T28")
def test_a_secret_is_hidden_in_the_form_a_program_prints_it(text):
    assert SECRET not in redact(text.format(SECRET)), redact(text.format(SECRET))


@pytest.mark.parametrize(
    "text",
    [
        "nothing to hide\n",
        "deployment.apps/oims-app restarted",
        "GET http://oims-app:5000/readyz 200",
        "image: registry.example.org/oims/app@sha256:0123abc",
        "mail to alice@example.org",
        "at 2026-11-27T15:00:00Z: 3 of 5 replicas are ready",
        "oims_automation_heartbeat_timestamp_seconds 1",
        "compass: north, bypass=true",
        "/password/forgotten",
        "the password was changed, and its token is missing",
        "the token, which is new, has expired",
        'secret "oims-postgres-0" not found',
        "2 secrets, 1 token; 5 tokens left of 10",
        "app.py:12:34: error: expected an expression",
        "image registry.example.org:5000/oims/app:1.2@sha256:0123abcd",
        "AUTH failed",
        "kind: ConfigMap\ndata:\n  mode: fast\nmetadata:",
        "mailto:alice@example.org",
        "unzip -o x.zip; https -v web; echo one | grep -c one",
        'oims_http_requests_total{status="200"} 12 | 13',
    ],
)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text


def test_a_log_entry_is_clean_in_names_and_values_at_any_depth():
    entry = {"event": "x", "db_password": SECRET, "list": [{"header": f"Bearer {SECRET}"}], "n": 3}
    deep: dict[str, object] = {"password": SECRET}
    for _ in range(50):
        deep = {"inner": deep}
    assert SECRET not in str(redact_fields(entry | {"deep": deep}))
    assert redact_fields(entry)["n"] == 3


def test_a_long_text_is_cut_and_says_so():
    assert redact("x" * (MAX_TEXT + 7)).endswith("\n[7 more characters were cut]")


def test_a_text_full_of_secrets_is_cut_and_says_so():
    text = redact(f"token={SECRET}\n" * (MAX_SECRETS + 5))
    assert text.endswith("too many secrets]")
    assert SECRET not in text


@given(st.text() | st.text(alphabet="token=:\"'\\\n @/-<>"))
def test_redaction_never_fails(text):
    redact(text)


@given(st.text(alphabet="ab1 \"'\\:=,;{}[]-\n\t", max_size=40), st.sampled_from(["\n", "\nuser: svc"]))
def test_no_text_before_it_uncovers_a_secret(before, after):
    assert SECRET not in redact(f"{before}\npassword: {SECRET}{after}")


UNITS = (
    "a-",
    "a",
    '"',
    "\\",
    "\n ",
    "token=",
    "token:",
    "token='",
    'token="\\',
    "token=a,b",
    "token=a b=",
    "a://b:",
)


@pytest.mark.parametrize("unit", [*UNITS, *(kind.example for kind in KINDS)])
@pytest.mark.threat("T32")
def test_the_worst_text_takes_no_time(unit, spent, capfd):
    text = (unit * 100_000)[:100_000]
    assert spent(lambda: redact(text)) < 0.2
    redact(text[:SHORT_TEXT])
    assert capfd.readouterr().err == "", "RE2 says there when it has too little memory for a pattern"


@pytest.fixture
def spent():
    """Processor time of the least of three calls: the machine may be busy, the work stays the same."""

    def measure(work):
        times = []
        for _ in range(3):
            started = time.thread_time()
            work()
            times.append(time.thread_time() - started)
        return min(times)

    return measure
