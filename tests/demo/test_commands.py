"""The demo's app is set up by its own commands, in one process."""

import json

import pytest

from demo.embedded import set_up
from demo.errors import DemoError
from demo.settings import Settings
from demo.state import State
from tests.processes import run


def commands(folder, *given):
    env = {"OIMS_DATABASE_URL": f"sqlite:///{folder}/app.db", "OIMS_SECRET_KEY": "k" * 32}
    return run("demo.commands", env=env, cwd=folder, given=json.dumps(given))


def test_commands_run_in_their_order_and_each_is_typed_its_own_words(tmp_path):
    done = commands(
        tmp_path,
        (["migrate"], ""),
        (["user", "create", "ada@example.org", "--name", "Ada"], "three blue lamps"),
        (["token", "create", "demo", "--scope", "read"], ""),
    )
    assert done.returncode == 0, done.stderr
    _, user, token = json.loads(done.stdout)
    assert user == "ada@example.org can log in as responder.\n"
    assert token.startswith("oims_")


def test_the_first_that_fails_ends_it_with_its_words_and_status(tmp_path):
    refused = (["user", "create", "ada@example.org", "--name", "Ada"], "short")
    done = commands(tmp_path, (["migrate"], ""), refused, (["token", "list"], ""))
    assert (done.returncode, done.stdout) == (1, "")
    assert "at least 8 characters" in done.stderr


def test_a_set_up_that_fails_says_why_and_where_to_read_on(tmp_path, free_ports):
    settings, state = Settings(state=tmp_path / "d", ports=free_ports), State(tmp_path / "d")
    with state.lock():
        state.begin_afresh()
        state.keep_secret("secret-key", "short")
        with pytest.raises(DemoError, match=r"could not be set up: OIMS_SECRET_KEY.* Read .*setup\.log"):
            set_up(settings, state)
    assert "OIMS_SECRET_KEY" in (state.log / "setup.log").read_text()
