"""Mails about accounts: one function per message. Each joins the caller's transaction as an outbox row."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from flask import current_app

from app.accounts.models import Role, User
from app.clock import in_words, now
from app.config import Settings
from app.extensions import db
from app.notify.messages import KEEP_TRYING, MAX_SUBJECT, templates
from app.notify.models import MailKind, OutboxMessage
from app.text import one_line

MAX_NAME = 80


@dataclass(frozen=True)
class Letter:
    """What a mail says: sentences, at most one link, and why the reader gets it."""

    kind: MailKind
    subject: str
    sentences: tuple[str, ...]
    why: str
    link: str = ""
    link_word: str = ""
    keep_trying: timedelta = KEEP_TRYING


def invitation(
    recipient: str, *, invited_by: str, role: Role, link: str, valid: timedelta
) -> OutboxMessage | None:
    """Invite somebody to make an account."""
    return _post(
        recipient,
        Letter(
            MailKind.INVITATION,
            f"{_name(invited_by)} invites you to OIMS",
            (
                f"{_name(invited_by)} invites you to {_place()}, with the role {role}.",
                f"Choose a name and a password with this link. It works once, within {_words(valid)}.",
            ),
            why="somebody entered your address as that of a colleague",
            link=link,
            link_word="Accept the invitation",
        ),
    )


def password_reset(user: User, *, link: str, valid: timedelta) -> OutboxMessage | None:
    """Send the link that replaces a forgotten password."""
    return _post(
        user.email,
        Letter(
            MailKind.PASSWORD_RESET,
            "Choose a new password",
            (
                f"Somebody, hopefully you, asked for a new password at {_place()}.",
                f"This link works once, within {_words(valid)}.",
                "If it was not you, ignore this mail: nothing has changed.",
            ),
            why="a new password was asked for under your address",
            link=link,
            link_word="Choose a new password",
            keep_trying=valid,
        ),
    )


def password_changed(user: User) -> OutboxMessage | None:
    """Tell a person that the password is another now: if it was a thief, they should know."""
    return _post(
        user.email,
        Letter(
            MailKind.PASSWORD_CHANGED,
            "Your password was changed",
            (
                f"The password of your account at {_place()} was changed, and all browsers were logged out.",
                "If it was not you, choose a new password now and tell an administrator.",
            ),
            why="it concerns the safety of your account",
            link=f"{_place()}/password/forgotten",
            link_word="Choose a new password",
        ),
    )


def account_waiting(admin: User, user: User) -> OutboxMessage | None:
    """Tell an administrator that somebody waits for approval."""
    return _post(
        admin.email,
        Letter(
            MailKind.ACCOUNT_WAITING,
            f"{_name(user.name)} waits for your approval",
            (f"{_name(user.name)} ({user.email}) registered at {_place()} and waits for approval.",),
            why="you are an administrator",
            link=f"{_place()}/admin/people/{user.id}",
            link_word="Look at the account",
        ),
    )


def account_active(user: User) -> OutboxMessage | None:
    """Tell a person that the account can be used."""
    return _post(
        user.email,
        Letter(
            MailKind.ACCOUNT_ACTIVE,
            "Your account is ready",
            (f"Your account at {_place()} was approved. You can log in now.",),
            why="you registered there",
            link=f"{_place()}/login",
            link_word="Log in",
        ),
    )


def _post(recipient: str, letter: Letter) -> OutboxMessage | None:
    """Put a letter into the outbox; without a mail server nothing, as it would wait for nothing."""
    settings = _settings()
    if not settings.smtp_host:
        return None
    domain = urlsplit(settings.base_url).hostname or "localhost"
    message = OutboxMessage(
        kind=letter.kind,
        recipient=recipient,
        subject=one_line(f"[OIMS] {letter.subject}", MAX_SUBJECT),
        text=templates().get_template("letter.txt").render(letter=letter),
        html=templates().get_template("letter.html").render(letter=letter),
        batch=secrets.token_hex(16),
        message_id=f"<{secrets.token_hex(16)}@{domain}>",
        give_up_at=now() + letter.keep_trying,
    )
    db.session.add(message)
    db.session.flush()
    return message


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _place() -> str:
    return _settings().base_url


def _name(text: str) -> str:
    return one_line(text, MAX_NAME)


def _words(valid: timedelta) -> str:
    return in_words(valid.total_seconds())
