"""Which processes a demo consists of, and supervisord's configuration made from them."""

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.errors import DemoError
from demo.settings import HOST, ROOT, Settings
from demo.state import VISITORS_TOKEN, State

DEMO_LOGIN = "demo@example.org"
ON_CALL = "on-call@example.org"
SENDER = "oims@example.org"


@dataclass(frozen=True)
class Program:
    """One supervised process.

    Attributes:
        name: its name in supervisord, and of its log file.
        command: program and arguments.
        environment: what only this process is told.
        starts_at_once: whether it starts with supervisord, or when the demo asks for it.

    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    starts_at_once: bool = True


def programs(settings: Settings, state: State) -> list[Program]:
    """Return the processes of a demo.

    Raises:
        DemoError: Prometheus or Alertmanager is not installed.

    """
    app = app_environment(settings, state)
    return [
        Program("mail", [sys.executable, "-m", "demo.sink", str(settings.ports["smtp"]), str(state.mail)]),
        Program("webhook", [sys.executable, "-m", "webhook"], _webhook_environment(settings, state)),
        Program("app", [sys.executable, "-m", "app", "web"], app),
        Program("worker", [sys.executable, "-m", "app", "worker"], app),
        Program("monitor", [str(ROOT / "scripts/monitor_alerts.sh")], _monitor_environment(settings, state)),
        Program(
            "visitors",
            [sys.executable, "-m", "demo.visitors", settings.url("app"), str(state.secrets / VISITORS_TOKEN)],
        ),
        Program("alertmanager", _alertmanager(settings, state)),
        # Last, so that nothing is reported missing that has only not started yet.
        Program("prometheus", _prometheus(settings, state), starts_at_once=False),
    ]


def supervisord_configuration(plan: Sequence[Program], state: State) -> str:
    """Write supervisord's configuration for the processes."""
    sections = [
        "[supervisord]",
        f"logfile={_escape(state.log / 'supervisord.log')}",
        f"pidfile={_escape(state.folder / 'supervisord.pid')}",
        f"childlogdir={_escape(state.log)}",
        "nodaemon=true",
        "silent=true",
        "umask=077",
        "",
        "[unix_http_server]",
        f"file={_escape(state.socket)}",
        "chmod=0700",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for program in plan:
        sections += ["", *_section(program, state)]
    return "\n".join(sections) + "\n"


def common_environment(state: State) -> dict[str, str]:
    """Return what every process gets: the caller's environment without OIMS settings, and our mark."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OIMS_")}
    tools = [str(Path(sys.executable).parent), str(ROOT / ".tools/bin"), inherited.get("PATH", os.defpath)]
    return inherited | {
        "PATH": os.pathsep.join(tools),
        "OIMS_SUPERVISOR_URL": state.supervisor_url,
        "PYTHONUNBUFFERED": "1",
    }


def app_environment(settings: Settings, state: State) -> dict[str, str]:
    """Return the settings of the incident app."""
    return {
        "OIMS_DATABASE_URL": f"sqlite:///{state.folder / 'app.db'}",
        "OIMS_SECRET_KEY_FILE": str(state.secrets / "secret-key"),
        "OIMS_BIND": f"{HOST}:{settings.ports['app']}",
        "OIMS_METRICS_BIND": f"{HOST}:{settings.ports['app-metrics']}",
        "OIMS_BASE_URL": settings.url("app"),
        "OIMS_REGISTRATION": "open",
        "OIMS_SMTP_HOST": HOST,
        "OIMS_SMTP_PORT": str(settings.ports["smtp"]),
        "OIMS_SMTP_FROM": SENDER,
        "OIMS_MAIL_TO": ON_CALL,
        "OIMS_MAIL_CAP": "1000",  # in a demo each mail is to be seen on its own
        "OIMS_JOURNAL_URL": settings.url("webhook"),
        "OIMS_JOURNAL_TOKEN_FILE": str(state.secrets / "reader-token"),
        "OIMS_PROMETHEUS_URL": settings.url("prometheus"),
        "OIMS_ALERTMANAGER_URL": settings.url("alertmanager"),
        "OIMS_AUTOMATION_TOKEN_FILE": str(state.secrets / "automation-token"),
        "OIMS_DEMO_FAULTS": "true",
        "OIMS_JOURNAL_SILENT_AFTER": "30s",
        # Longer than from one look of the webhook at Alertmanager to the next.
        "OIMS_WATCHDOG_SILENT_AFTER": "60s",
    }


def playbooks(settings: Settings, state: State) -> Path:
    """Return the folder of the playbooks: the shipped one, unless a playbook is to be broken."""
    return state.folder / "playbooks" if settings.sabotage == "playbook" else ROOT / "playbooks"


def _webhook_environment(settings: Settings, state: State) -> dict[str, str]:
    return {
        "OIMS_WEBHOOK_BIND": f"{HOST}:{settings.ports['webhook']}",
        "OIMS_WEBHOOK_METRICS_BIND": f"{HOST}:{settings.ports['webhook-metrics']}",
        "OIMS_WEBHOOK_TOKEN_FILE": str(state.secrets / "webhook-token"),
        "OIMS_WEBHOOK_READER_TOKEN_FILE": str(state.secrets / "reader-token"),
        "OIMS_WEBHOOK_JOURNAL": str(state.folder / "journal.db"),
        "OIMS_EVENT_KEY_FILE": str(state.secrets / "event-key"),
        "OIMS_ALERTMANAGER_URL": settings.url("alertmanager"),
    }


def _monitor_environment(settings: Settings, state: State) -> dict[str, str]:
    return {
        "OIMS_LOG_FILE": str(state.log / "webhook.log"),
        "OIMS_JOURNAL_URL": settings.url("webhook"),
        "OIMS_JOURNAL_TOKEN_FILE": str(state.secrets / "reader-token"),
        "OIMS_EVENT_KEY_FILE": str(state.secrets / "event-key"),
        "OIMS_APP_URL": settings.url("app"),
        "OIMS_APP_TOKEN_FILE": str(state.secrets / "automation-token"),
        "OIMS_STATE_DIR": str(state.folder / "automation"),
        "OIMS_PLAYBOOKS": str(playbooks(settings, state)),
        "OIMS_POLICY": str(state.folder / "policy.yml"),
        "OIMS_INVENTORY": "local",
        "OIMS_INSTANCE": "demo",
        "OIMS_REPORT_HEARTBEAT": "15s",
        "OIMS_STOP_GRACE": "5",
        "OIMS_PYTHON": sys.executable,
    }


def _prometheus(settings: Settings, state: State) -> list[str]:
    return [
        _tool("prometheus"),
        f"--config.file={state.folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={state.folder / 'prometheus'}",
        f"--web.listen-address={HOST}:{settings.ports['prometheus']}",
        "--rules.alert.resend-delay=5s",
    ]


def _alertmanager(settings: Settings, state: State) -> list[str]:
    return [
        _tool("alertmanager"),
        f"--config.file={state.folder / 'alertmanager.yml'}",
        f"--storage.path={state.folder / 'alertmanager'}",
        f"--web.listen-address={HOST}:{settings.ports['alertmanager']}",
        "--cluster.listen-address=",
        "--enable-feature=utf8-strict-mode",
    ]


def _tool(name: str) -> str:
    found = shutil.which(name, path=f"{ROOT / '.tools/bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise DemoError(f"{name} is not installed. Run: make demo (it installs {name} first)")
    return found


def _section(program: Program, state: State) -> list[str]:
    environment = ",".join(f'{name}="{_escape(value)}"' for name, value in program.environment.items())
    return [
        f"[program:{program.name}]",
        f"command={_escape(shlex.join(program.command))}",
        f"directory={_escape(ROOT)}",
        *([f"environment={environment}"] if environment else []),
        f"autostart={str(program.starts_at_once).lower()}",
        "startsecs=0",
        "autorestart=true",
        # Shorter than the shortened `for` of IncidentAppDown: a restart is not an outage.
        f"stopwaitsecs={3 if program.name == 'app' else 10}",
        "killasgroup=true",
        f"stdout_logfile={_escape(state.log / program.name)}.log",
        # The webhook's log is read by machines: what is no JSON goes elsewhere.
        f"stderr_logfile={_escape(state.log / program.name)}.err.log"
        if program.name == "webhook"
        else "redirect_stderr=true",
    ]


def _escape(value: object) -> str:
    """Write a value so that supervisord, which expands %(name)s, reads it back as it is."""
    return str(value).replace("%", "%%")
