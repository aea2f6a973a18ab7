"""The files a demo writes: same formats, same rules, no secret where it can be read."""

import configparser
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from automation.policy.load import load_policy
from demo import configs, plan
from demo.settings import Settings
from demo.state import SECRETS, State

ROOT = Path(__file__).resolve().parents[2]
TOOLS = f"{ROOT / '.tools/bin'}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def written(tmp_path, free_ports):
    """Write a demo's files and return its settings and state."""

    def write(sabotage=None):
        settings = Settings(state=tmp_path / "100% demo", ports=free_ports, sabotage=sabotage)
        state = State(settings.state)
        with state.lock():
            state.begin_afresh()
            configs.write(settings, state)
        return settings, state

    return write


def _load(state, name):
    return yaml.safe_load((state.folder / name).read_text())


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("promtool", ("check", "config", "prometheus.yml")),
        ("promtool", ("check", "rules", "--lint=all", "--lint-fatal", "rules")),
        ("amtool", ("check-config", "--enable-feature=utf8-strict-mode", "alertmanager.yml")),
    ],
)
def test_the_tools_accept_the_written_files(written, tool, arguments):
    _, state = written()
    program = shutil.which(tool, path=TOOLS)
    assert program, f"{tool} is missing: run `make tools`"
    *options, file = arguments
    files = sorted(str(path) for path in (state.folder / file).glob("*.yml")) or [file]
    done = subprocess.run(
        [program, *options, *files], cwd=state.folder, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_automation_accepts_the_demos_policy_and_the_shipped_playbooks():
    policy = load_policy(ROOT / "demo/policy.yml", ROOT / "playbooks")
    assert {remedy.alert for remedy in policy.remedies} == {"IncidentAppErrors", "TestAlert"}


def test_the_hold_is_not_shorter_than_the_shortened_window_of_the_rule(written):
    _, state = written()
    rules = [rule for group in _load(state, "rules/app.yml")["groups"] for rule in group["rules"]]
    window = next(
        rule["annotations"]["oims_window"] for rule in rules if rule["alert"] == "IncidentAppErrors"
    )
    policy = load_policy(state.folder / "policy.yml", ROOT / "playbooks")
    assert policy.remedies[0].verify.hold >= int(window.removesuffix("s"))


def test_supervisord_reads_back_every_command_as_it_was_meant(written):
    settings, state = written()
    parser = configparser.RawConfigParser()
    parser.read(state.folder / "supervisord.conf")
    for program in plan.programs(settings, state):
        command = parser[f"program:{program.name}"]["command"]
        assert command.replace("%%", "%") == " ".join(map(_quoted, program.command))


def test_no_secret_stands_in_a_configuration_or_a_command(written):
    _, state = written()
    texts = [
        path.read_text()
        for path in state.folder.rglob("*")
        if path.is_file() and path.parent != state.secrets
    ]
    for name in SECRETS:
        assert not any(state.secret(name) in text for text in texts)


def test_a_callers_settings_do_not_reach_the_parts(monkeypatch, written):
    monkeypatch.setenv("OIMS_DATABASE_URL", "postgresql://production")
    _, state = written()
    assert not [name for name in plan.common_environment(state) if name == "OIMS_DATABASE_URL"]


def test_sabotage_of_the_token_lets_alertmanager_send_a_wrong_one(written):
    _, state = written("token")
    receiver = _load(state, "alertmanager.yml")["receivers"][1]["webhook_configs"][0]
    sent = Path(receiver["http_config"]["authorization"]["credentials_file"]).read_text()
    assert sent != state.secret("webhook-token")


def test_sabotage_of_the_policy_takes_only_the_remedy_away(written):
    _, state = written("policy")
    assert [remedy["alert"] for remedy in _load(state, "policy.yml")["remedies"]] == ["TestAlert"]


def test_sabotage_of_the_playbook_leaves_the_shipped_one_alone(written):
    settings, state = written("playbook")
    shipped = (ROOT / "playbooks/restart_oims.yml").read_text()
    used = plan.playbooks(settings, state) / "restart_oims.yml"
    assert used.read_text() == configs.IDLE_PLAYBOOK != shipped


def _quoted(argument):
    return f"'{argument}'" if " " in argument else argument
