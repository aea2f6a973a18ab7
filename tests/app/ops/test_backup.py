"""The SQLite database as one file: out while others use it, and in again."""

import io
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.cli import main
from app.extensions import db
from app.incidents import service
from app.records.actors import SYSTEM
from app.severities import Severity


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.logs.configure", lambda *_arguments: None)


def opened(app: Flask, title: str) -> None:
    with app.app_context():
        service.create(title=title, severity=Severity.LOW, actor=SYSTEM)
        db.session.remove()


def titles(app: Flask) -> list[str]:
    with app.app_context():
        found = db.session.scalars(text("SELECT title FROM incidents ORDER BY id")).all()
        db.session.remove()
        return list(found)


def back_up(capfdbinary: Any) -> bytes:
    assert main(["backup"]) == 0
    return bytes(capfdbinary.readouterr().out)


def restore(monkeypatch: pytest.MonkeyPatch, content: bytes) -> int:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    return main(["restore"])


def test_what_was_there_is_there_again_for_a_server_that_never_stopped(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    opened(app, "Before")
    content = back_up(capfdbinary)
    opened(app, "After")
    with app.app_context():
        db.session.execute(text("SELECT 1 FROM incidents")).all()  # a reader in the middle of its work
        assert restore(monkeypatch, content) == 0
    assert titles(app) == ["Before"]
    opened(app, "Later")
    assert titles(app) == ["Before", "Later"]


def test_a_damaged_backup_changes_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capfdbinary: Any
) -> None:
    opened(app, "Kept")
    content = back_up(capfdbinary)
    assert restore(monkeypatch, content[: len(content) // 2]) == 1
    assert titles(app) == ["Kept"]


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be read as one" * 20])
def test_what_is_no_backup_changes_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    opened(app, "Kept")
    assert restore(monkeypatch, content) == 1
    assert "That is no backup of this app" in capsys.readouterr().err
    assert titles(app) == ["Kept"]
