"""The real command against the real server, with Alice, and tokens of hers and of a program's."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import processes
from tests.app.server import ROOT, Server, running

OIMS = ROOT / "scripts" / "oims"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("cli")) as server:
        server.manage(
            "user",
            "create",
            "alice@example.org",
            "--name",
            "Alice",
            "--role",
            "responder",
            typed="three blue lamps\n",
        )
        yield server


@pytest.fixture(scope="session")
def token(server: Server) -> str:
    return server.token("cli", "write")


@pytest.fixture
def oims(server: Server, token: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `oims …` elsewhere than in the project's folder; keyword arguments are environment variables."""

    def run(*arguments: str, typed: str = "", **changes: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "OIMS_URL": server.url,
            "OIMS_TOKEN": token,
        } | changes
        given = {name: value for name, value in environment.items() if value}
        return processes.run("cli", *arguments, env=given, cwd=tmp_path, given=typed)

    return run


@pytest.fixture
def made(server: Server, token: str) -> Callable[..., dict[str, Any]]:
    """Opens an incident over the API."""

    def make(title: str, **fields: Any) -> dict[str, Any]:
        status, incident = server.ask(
            "POST", "/api/v1/incidents", token=token, body={"title": title, **fields}
        )
        assert status == 201
        return incident

    return make
