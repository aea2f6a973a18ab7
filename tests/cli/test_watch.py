"""`oims watch`: it tells people when OIMS cannot, once, and tells the end."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.watch.memory import ALLOWED, Memory, Phase
from tests import processes
from tests.app.server import Server
from tests.app.standins import Answering, serving
from tests.processes import free_port
from tests.sink import Sink, keeping
from tests.waiting import until

TELLS = {"can_tell": True, "worker": "heard", "mail": "heard", "webhook": "silent", "automation": "silent"}
TELLS_NOT = TELLS | {"can_tell": False, "worker": "silent", "webhook": "unknown"}
SILENT, OVER = "[OIMS watch] OIMS can't notify people", "[OIMS watch] Over: OIMS can notify people again"


class App(Answering):
    """Stands for the app."""

    health: ClassVar[Any] = TELLS

    def asked(self) -> None:
        self.answer(self.health)


class Receiver(Answering):
    """Stands for a service that is called."""

    calls: ClassVar[list[dict[str, Any]]] = []

    def told(self) -> None:
        self.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer({})


@pytest.fixture
def sink() -> Iterator[Sink]:
    with keeping() as sink:
        yield sink


@pytest.fixture
def app() -> Iterator[str]:
    App.health = TELLS
    with serving(App) as address:
        yield f"http://{address}"


type Watch = Callable[..., CompletedProcess[str]]


@pytest.fixture
def watch(sink: Sink, tmp_path: Path) -> Watch:
    """Look once, as a timer does; keyword arguments are environment variables."""

    def run(*arguments: str, **changes: str) -> CompletedProcess[str]:
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "OIMS_TOKEN": "oims_token",
            "OIMS_SMTP_HOST": "127.0.0.1",
            "OIMS_SMTP_PORT": str(sink.port),
            "OIMS_SMTP_FROM": "watch@example.org",
            "OIMS_MAIL_TO": "ann@example.org, bob@example.org",
        } | changes
        given = {name: value for name, value in environment.items() if value}
        return processes.run("cli", "watch", "--once", *arguments, env=given, cwd=tmp_path)

    return run


def backdate(tmp_path: Path, minutes: int) -> None:
    """Let the outage have begun so long ago."""
    file = tmp_path / ".local/state/oims/watch.json"
    kept = json.loads(file.read_text())
    kept["since"] = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
    file.write_text(json.dumps(kept))


def test_while_oims_can_tell_people_itself_nobody_is_told_of_a_part_that_is_silent(
    watch: Watch, app: str, sink: Sink
) -> None:
    assert [watch(app).returncode, watch(app).returncode] == [0, 0]
    assert sink.subjects == []


@pytest.mark.fault("F14")
@pytest.mark.threat("T29")
def test_an_outage_is_told_once_after_its_time_and_so_is_its_end(
    watch: Watch, app: str, sink: Sink, tmp_path: Path
) -> None:
    App.health = TELLS_NOT
    assert watch(app).returncode == 1
    assert sink.subjects == [], "it is not silent for long yet"
    backdate(tmp_path, 6)
    assert [watch(app).returncode for _ in range(2)] == [1, 1]
    assert sink.subjects == [SILENT]
    assert sink.mails[0]["To"] == "ann@example.org, bob@example.org"
    assert "worker silent, webhook unknown, automation silent" in str(sink.mails[0].get_content())

    App.health = TELLS
    assert [watch(app).returncode for _ in range(2)] == [0, 0]
    assert sink.subjects == [SILENT, OVER]


def test_a_short_outage_is_told_to_nobody(watch: Watch, app: str, sink: Sink, tmp_path: Path) -> None:
    App.health = TELLS_NOT
    watch(app)
    App.health = TELLS
    watch(app)
    App.health = TELLS_NOT
    watch(app)
    assert sink.subjects == []


def test_a_mail_that_is_refused_is_tried_again_and_the_other_way_is_told_once(
    watch: Watch, sink: Sink, tmp_path: Path
) -> None:
    Receiver.calls.clear()
    away = f"http://127.0.0.1:{free_port()}"
    with serving(Receiver) as address:
        calls = f"http://{address}/secret-path"
        sink.answer = "451 not now"
        watch(away, OIMS_WATCH_CALL=calls)
        backdate(tmp_path, 6)
        done = watch(away, OIMS_WATCH_CALL=calls)
        assert done.returncode == 3
        assert "nobody was told by mail: the mail server answered 451" in done.stderr
        assert "secret-path" not in done.stdout + done.stderr
        sink.answer = "250 Kept"
        watch(away, OIMS_WATCH_CALL=calls)
        watch(away, OIMS_WATCH_CALL=calls)
    assert sink.subjects == [SILENT]
    assert [call["status"] for call in Receiver.calls] == ["silent"]
    assert "cannot be reached" in Receiver.calls[0]["text"]


@pytest.mark.parametrize(
    "health", [None, [], {}, {"can_tell": "yes"}, {"can_tell": None}, "ok", {"status": "ok"}]
)
def test_what_is_no_answer_of_oims_counts_as_an_outage(watch: Watch, app: str, health: Any) -> None:
    App.health = health
    assert watch(app).returncode == 1


def test_a_damaged_file_begins_anew_and_says_so(watch: Watch, app: str, tmp_path: Path) -> None:
    file = tmp_path / "watch.json"
    kept = f'{{"url": "{app}", "phase": "silent", "ended": null, "reason": "", "told": [], "since": '
    texts = ["", "{", "[]", '{"url": 1}', f'{{"url": "{app}", "phase": "asleep"}}', "[" * 50_000, "\udcff"]
    texts += [f'{kept}"{moment}"}}' for moment in ("0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00")]
    for text in texts:
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
        done = watch(app, "--state", str(file))
        assert done.returncode == 0, done.stderr
        if text != '{"url": 1}':
            assert "is damaged; the watch begins anew" in done.stderr


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"OIMS_TOKEN": ""}, "OIMS_TOKEN is not set"),
        ({"OIMS_SMTP_HOST": ""}, "There is no way to tell anybody"),
        ({"OIMS_MAIL_TO": ""}, "OIMS_MAIL_TO is not set"),
        ({"OIMS_MAIL_TO": "ann"}, "'ann' is not a mail address"),
        ({"OIMS_MAIL_TO": "ann@"}, "'ann@' is not a mail address"),
        ({"OIMS_SMTP_FROM": "ann@[1"}, "'ann@[1' is not a mail address"),
        ({"OIMS_MAIL_TO": "ann@bob@example.org"}, "is not a mail address"),
        ({"OIMS_SMTP_PORT": "0"}, "OIMS_SMTP_PORT"),
        ({"OIMS_SMTP_PORT": "²"}, "OIMS_SMTP_PORT"),
        ({"OIMS_SMTP_TLS": "ssl"}, "OIMS_SMTP_TLS must be one of"),
        ({"OIMS_WATCH_CALL": "file:///etc/passwd"}, "OIMS_WATCH_CALL must start with"),
        ({"OIMS_WATCH_CALL_FILE": "/nowhere"}, "OIMS_WATCH_CALL_FILE: cannot read"),
        ({"OIMS_SMTP_PASSWORD_FILE": "/nowhere"}, "OIMS_SMTP_PASSWORD_FILE: cannot read"),
        ({"OIMS_WATCH_CALL": "http://[::1"}, "OIMS_WATCH_CALL must start with"),
        ({"OIMS_WATCH_CALL": "http://a..b/"}, "OIMS_WATCH_CALL must start with"),
        ({"OIMS_WATCH_CALL": "http://127.0.0.1:port/"}, "OIMS_WATCH_CALL must start with"),
        ({"OIMS_WATCH_CALL": "http://127.0.0.1/a b"}, "OIMS_WATCH_CALL has characters"),
        ({"OIMS_WATCH_CALL": "http://127.0.0.1/a\r\nX: y"}, "OIMS_WATCH_CALL has characters"),
        ({"OIMS_WATCH_CALL": "http://127.0.0.1/ü"}, "OIMS_WATCH_CALL has characters"),
        ({"OIMS_WATCH_CALL": "http://ann:secret@127.0.0.1/"}, "OIMS_WATCH_CALL must not have a name"),
        ({"OIMS_MAIL_TO": "ann@example.org\r\nBcc: eve@example.org"}, "is not a mail address"),
        ({"STATE_DIRECTORY": "/proc/nowhere"}, "--state: cannot use"),
    ],
)
def test_a_wrong_setting_is_named(watch: Watch, app: str, changes: dict[str, str], words: str) -> None:
    done = watch(app, **changes)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["folder", "pipe", "no name"])
def test_what_is_no_file_is_never_replaced_by_one(watch: Watch, app: str, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    done = watch(app, "--state", "." if kind == "no name" else str(place))
    assert (done.returncode, "is not a file" in done.stderr) == (2, True)
    assert not place.is_file()


def test_the_end_of_a_silence_waits_for_no_way_that_was_taken_away() -> None:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    over = Memory().missed(at, "away").after_telling("mail").heard(at)
    assert over.by(["mail", "call"]) == over
    assert over.by(["call"]) == Memory(), "else the next silence would count as this one"


def test_a_second_watcher_of_the_same_file_is_refused(watch: Watch, app: str, tmp_path: Path) -> None:
    import fcntl  # noqa: PLC0415

    state = tmp_path / "watch.json"
    with (tmp_path / "watch.json.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = watch(app, "--state", str(state))
    assert (done.returncode, "Another oims watch uses" in done.stderr) == (1, True)


@pytest.mark.slow
def test_a_watcher_that_runs_and_is_killed_goes_on_where_it_was(
    sink: Sink, server: Server, tmp_path: Path
) -> None:
    """The real app has no worker here: so it can't notify people."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "OIMS_TOKEN": server.token("watch", "watch"),
        "OIMS_SMTP_HOST": "127.0.0.1",
        "OIMS_SMTP_PORT": str(sink.port),
        "OIMS_MAIL_TO": "ann@example.org",
    }
    arguments = ("watch", server.url, "--every", "1s", "--after", "1s")
    with ExitStack() as running:
        for _ in range(2):
            process = processes.Process("cli", *arguments, env=environment, cwd=tmp_path, stderr=2)
            running.callback(process.kill)
            until(lambda: sink.subjects, 60)
            process.kill()
            process.wait(10)
    assert sink.subjects == [SILENT]
    assert "worker silent" in str(sink.mails[0].get_content())


LOOKS = st.lists(st.tuples(st.booleans(), st.integers(-3600, 3600), st.booleans()), max_size=40)


@given(LOOKS)
def test_whatever_is_seen_each_outage_is_told_at_most_once_and_each_end_after_it(
    looks: list[tuple[bool, int, bool]],
) -> None:
    memory, at, told = Memory(), datetime(2026, 11, 27, tzinfo=UTC), []
    for is_heard, seconds, is_delivered in looks:
        at += timedelta(seconds=seconds)
        before = memory
        memory = memory.heard(at) if is_heard else memory.missed(at, "away")
        assert memory.phase in ALLOWED[before.phase]
        for way in memory.due(at, timedelta(minutes=5), ["mail"]):
            if is_delivered:
                told.append(memory.phase)
                memory = memory.after_telling(way)
    assert all(phase is (Phase.OVER if number % 2 else Phase.SILENT) for number, phase in enumerate(told))
