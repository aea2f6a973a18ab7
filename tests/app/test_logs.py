"""Log lines are JSON, one per event, and without secrets."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app import logs
from contract.secret_words import MARK


@pytest.fixture
def configured() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.configure("INFO")
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    "fields",
    [
        {"password": "hunter2"},
        {"nested": {"api_token": "hunter2"}},
        {"url": "postgresql://oims:hunter2@db/oims"},
        {"header": "Bearer hunter2"},
        {"items": ["Authorization: bearer hunter2"]},
    ],
)
@pytest.mark.threat("T14")
def test_secrets_are_hidden(capsys: pytest.CaptureFixture[str], fields: dict[str, object]) -> None:
    logs.configure("INFO")
    structlog.get_logger("test").info("something", **fields)
    line = capsys.readouterr().out
    assert "hunter2" not in line
    assert MARK in line


@pytest.mark.parametrize("text", ['a\n{"event":"forged"}', "\x1b[31mred", "\u2028"])
@pytest.mark.usefixtures("configured")
def test_hostile_text_stays_inside_its_line(capsys: pytest.CaptureFixture[str], text: str) -> None:
    logs.configure("INFO")
    structlog.get_logger("test").warning("alert", label=text)
    (line,) = capsys.readouterr().out.strip("\n").split("\n")
    assert "\x1b" not in line
    assert json.loads(line)["label"] == text
    assert json.loads(line)["at"].endswith("Z")
