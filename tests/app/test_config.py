"""Wrong or missing settings stop the start, and say which and why."""

from pathlib import Path

import pytest

from app.cli import main
from app.config import SettingsError, load
from tests.app.conftest import SECRET_KEY


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("OIMS_SECRET_KEY", "", "OIMS_SECRET_KEY: must have at least 32 characters"),
        ("OIMS_SECRET_KEY", "short", "OIMS_SECRET_KEY: must have at least 32 characters"),
        ("OIMS_DATABASE_URL", "mysql://x", "OIMS_DATABASE_URL: must be sqlite:///<file> or postgresql://"),
        ("OIMS_BASE_URL", "ftp://x", "OIMS_BASE_URL: must start with http:// or https://"),
        ("OIMS_MAIL_TO", "oncall@example.org,\nBcc: x", "OIMS_MAIL_TO: "),
        ("OIMS_ESCALATE_TO", "critical", "OIMS_ESCALATE_TO: names nobody for critical; write critical="),
        ("OIMS_ESCALATE_TO", "awful=lead@example.org", "OIMS_ESCALATE_TO: "),
        (
            "OIMS_ESCALATE_TO",
            "high=lead@example.org nobody",
            "OIMS_ESCALATE_TO: 'nobody' is not a mail address",
        ),
        ("OIMS_MAIL_CAP", "0", "OIMS_MAIL_CAP: "),
        ("OIMS_SMTP_PORT", "0", "OIMS_SMTP_PORT: "),
        ("OIMS_SMTP_TLS", "maybe", "OIMS_SMTP_TLS: "),
        ("OIMS_JOURNAL_URL", "http://webhook", "OIMS_JOURNAL_TOKEN: needed with OIMS_JOURNAL_URL"),
        ("OIMS_REOPEN_WINDOW", "30", "OIMS_REOPEN_WINDOW: is not a duration; write numbers with units"),
        ("OIMS_REOPEN_WINDOW", "PT30M", "such as 15s, 5m, 1h30m or 30d"),
        ("OIMS_REOPEN_WINDOW", "-5m", "OIMS_REOPEN_WINDOW: is not a duration"),
        ("OIMS_REOPEN_WINDOW", "9999999999d", "OIMS_REOPEN_WINDOW: is not a duration"),
        ("OIMS_ADMIN_EMAIL", "a@example.org", "OIMS_ADMIN_PASSWORD: needed with OIMS_ADMIN_EMAIL"),
        ("OIMS_AUTOMATION_TOKEN", "short", "OIMS_AUTOMATION_TOKEN: must have at least 32 characters"),
        ("OIMS_REGISTRATION", "yes", "OIMS_REGISTRATION: "),
    ],
)
def test_it_names_the_variable_and_never_repeats_a_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv("OIMS_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refusal:
        load()
    assert message in str(refusal.value)
    assert SECRET_KEY not in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "seconds"), [("500ms", 0.5), ("45s", 45), ("30m", 1800), ("1.5h", 5400), ("2d", 172_800)]
)
def test_a_duration_is_a_number_with_a_unit(
    monkeypatch: pytest.MonkeyPatch, written: str, seconds: float
) -> None:
    monkeypatch.setenv("OIMS_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("OIMS_REOPEN_WINDOW", written)
    assert load().reopen_window.total_seconds() == seconds


def test_it_refuses_to_start_without_a_secret_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["web"]) == 2
    assert "OIMS_SECRET_KEY: is missing" in capsys.readouterr().err


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET_KEY}\n")
    monkeypatch.setenv("OIMS_SECRET_KEY_FILE", str(file))
    assert load().secret_key.get_secret_value() == SECRET_KEY
    monkeypatch.setenv("OIMS_SECRET_KEY", SECRET_KEY)
    with pytest.raises(SettingsError, match="OIMS_SECRET_KEY and OIMS_SECRET_KEY_FILE are both set"):
        load()


def test_a_missing_secret_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OIMS_SECRET_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match=r"OIMS_SECRET_KEY_FILE: cannot read .*none: No such file"):
        load()
