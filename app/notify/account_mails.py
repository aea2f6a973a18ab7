"""Mails about accounts: one function per message. Each joins the caller's transaction as an outbox row."""

from dataclasses import dataclass
from datetime import timedelta

from app.clock import in_words
from app.extensions import db
from app.notify.incident_mails import KEEP_TRYING, base_url, is_on, written
from app.records.accounts import Role, User
from app.records.outbox import MailKind, OutboxMessage
from contract.text import one_line

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
                f"{_name(invited_by)} invites you to {base_url()}, with the role {role}.",
                f"Choose a name and a password with this link. It works once, within {_words(valid)}.",
            ),
            why="somebody entered your address as that of a colleague",
            link=link,
            link_word="Accept the invitation",
        ),
    )


def registration(recipient: str, *, link: str, valid: timedelta) -> OutboxMessage | None:
    """Send the link with which somebody who registers makes the account."""
    return _post(
        recipient,
        Letter(
            MailKind.REGISTRATION,
            "Make your account",
            (
                f"Somebody, hopefully you, registered at {base_url()} with this address.",
                f"Choose a name and a password with this link. It works once, within {_words(valid)}.",
                "If it was not you, ignore this mail: there is no account.",
            ),
            why="somebody registered with your address",
            link=link,
            link_word="Make the account",
        ),
    )


def account_exists(recipient: str) -> OutboxMessage | None:
    """Tell somebody who registers that there is an account already; nobody else may hear of it."""
    return _post(
        recipient,
        Letter(
            MailKind.ACCOUNT_EXISTS,
            "You have an account already",
            (
                f"Somebody, hopefully you, registered at {base_url()} with this address. It has an account.",
                "Log in with it. If you have forgotten the password, the log-in page leads to a new one.",
                "If it was not you, ignore this mail: nothing has changed.",
            ),
            why="somebody registered with your address",
            link=f"{base_url()}/login",
            link_word="Log in",
        ),
    )


def password_reset(recipient: str, *, link: str, valid: timedelta) -> OutboxMessage | None:
    """Send the link that replaces a forgotten password."""
    return _post(
        recipient,
        Letter(
            MailKind.PASSWORD_RESET,
            "Choose a new password",
            (
                f"Somebody, hopefully you, asked for a new password at {base_url()}.",
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
                f"The password of your account at {base_url()} was changed; all browsers were logged out.",
                "If it was not you, choose a new password now and tell an administrator.",
            ),
            why="it concerns the safety of your account",
            link=f"{base_url()}/password/forgotten",
            link_word="Choose a new password",
        ),
    )


def factors_changed(user: User, change: str) -> OutboxMessage | None:
    """Tell a person what was changed about the two-step sign-in; ``change`` is a sentence."""
    return _about_factors(user, "Your two-step sign-in was changed", change)


def passkey_refused(user: User, name: str) -> OutboxMessage | None:
    """Tell a person that a passkey may be in somebody else's hands too."""
    sentence = f"Your passkey “{_name(name)}” was refused: its counter went back, so it may have been copied."
    return _about_factors(user, "A passkey was refused", sentence)


def _about_factors(user: User, subject: str, sentence: str) -> OutboxMessage | None:
    return _post(
        user.email,
        Letter(
            MailKind.FACTORS_CHANGED,
            subject,
            (
                f"This is about your account at {base_url()}.",
                sentence,
                "If it was not you, change your password now and tell an administrator.",
            ),
            why="it concerns the safety of your account",
            link=f"{base_url()}/profile/two-step",
            link_word="Look at your two-step sign-in",
        ),
    )


def account_waiting(admin: User, user: User) -> OutboxMessage | None:
    """Tell an administrator that somebody waits for approval."""
    return _post(
        admin.email,
        Letter(
            MailKind.ACCOUNT_WAITING,
            f"{_name(user.name)} waits for your approval",
            (f"{_name(user.name)} ({user.email}) registered at {base_url()} and waits for approval.",),
            why="you are an administrator",
            link=f"{base_url()}/admin/people/{user.id}",
            link_word="Look at the account",
        ),
    )


def test_mail(recipient: str) -> None:
    """Show that mails arrive; it is written without a mail server too, and waits for one."""
    letter = Letter(
        MailKind.TEST,
        "Test: mails arrive",
        (f"Mails from {base_url()} arrive.",),
        why="an administrator asked for this test mail to you",
        link=base_url(),
        link_word="Open OIMS",
    )
    _write(recipient, letter)


def account_active(user: User) -> OutboxMessage | None:
    """Tell a person that the account can be used."""
    return _post(
        user.email,
        Letter(
            MailKind.ACCOUNT_ACTIVE,
            "Your account is ready",
            (f"Your account at {base_url()} was approved. You can log in now.",),
            why="you registered there",
            link=f"{base_url()}/login",
            link_word="Log in",
        ),
    )


def _post(recipient: str, letter: Letter) -> OutboxMessage | None:
    """Put a letter into the outbox. Does nothing when no mail server is configured."""
    return _write(recipient, letter) if is_on() else None


def _write(recipient: str, letter: Letter) -> OutboxMessage:
    words = written(
        letter.kind,
        recipient,
        subject=f"[OIMS] {letter.subject}",
        template="letter",
        context={"letter": letter},
        keep_trying=letter.keep_trying,
    )
    message = OutboxMessage(**words)
    db.session.add(message)
    db.session.flush()
    return message


def _name(text: str) -> str:
    return one_line(text, MAX_NAME)


def _words(valid: timedelta) -> str:
    return in_words(valid.total_seconds())
