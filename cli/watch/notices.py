"""Telling people, without OIMS: a mail, or a POST to an address."""

import hashlib
import json
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import Request

from cli.client import direct_opener, why
from cli.terminal import clean
from cli.watch.deadline import within
from cli.watch.memory import Memory, Phase
from cli.watch.settings import Mail, Settings
from contract.trust import trusting

PATIENCE_S = 30
TELL_S = 90
SHOWN = "%Y-%m-%d %H:%M:%S UTC"


class NotToldError(Exception):
    """Nobody was told by this way; the text says why."""


@dataclass(frozen=True)
class Notice:
    """What is told: of an outage, or of its end."""

    subject: str
    text: str
    is_over: bool
    id: str

    @classmethod
    def of(cls, memory: Memory, url: str) -> "Notice":
        """Return what there is to tell."""
        since, is_over = memory.since, memory.phase is Phase.OVER
        said = f"{url}, since {_shown(since)}"
        subject = (
            "[OIMS watch] Over: OIMS can notify people again"
            if is_over
            else "[OIMS watch] OIMS can't notify people"
        )
        lines = (
            [f"OIMS at {said}, could not notify people until {_shown(memory.ended)}. Now it can."]
            if is_over
            else [
                f"OIMS at {said}: {clean(memory.reason)}",
                "Until this is fixed, OIMS notifies no one of incidents.",
                "Check that the app, its worker and its database run, and that mail is sent.",
            ]
        )
        name = hashlib.sha256(f"{url} {since} {memory.phase}".encode()).hexdigest()[:32]
        return cls(
            subject, "\n\n".join([*lines, "Sent by oims watch, which runs apart from OIMS."]), is_over, name
        )


def send(way: str, notice: Notice, settings: Settings, at: datetime) -> None:
    """Tell by one way.

    Raises:
        NotToldError: it did not work.

    """
    try:
        with within(TELL_S):
            if settings.mail is not None and way == "mail":
                _mail(settings.mail, notice, at)
            else:
                _call(settings, notice)
    except ssl.SSLCertVerificationError as error:
        raise NotToldError(f"its certificate is not trusted: {error.verify_message}") from None
    except smtplib.SMTPResponseException as error:
        raise NotToldError(f"the mail server answered {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        raise NotToldError(f"the mail server refused {', '.join(error.recipients)}") from None
    except HTTPError as error:
        with error:
            raise NotToldError(f"the service answered {error.code}") from None
    except (OSError, smtplib.SMTPException, HTTPException, ValueError) as error:
        raise NotToldError(why(error)) from None


def _mail(mail: Mail, notice: Notice, at: datetime) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail.sender, ", ".join(mail.to), notice.subject
    message["Date"] = format_datetime(at)
    domain = parseaddr(mail.sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<watch-{notice.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{notice.text}\n")
    context = trusting(mail.ca_file)
    if mail.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=PATIENCE_S, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=PATIENCE_S)
    with server:
        if mail.tls == "starttls":
            server.starttls(context=context)
        if mail.user:
            server.login(mail.user, mail.password)
        refused = server.send_message(message)
    if refused:
        raise smtplib.SMTPRecipientsRefused(refused)


def _call(settings: Settings, notice: Notice) -> None:
    status = "heard" if notice.is_over else "silent"
    body = {"status": status, "title": notice.subject, "text": notice.text, "id": notice.id}
    request = Request(  # noqa: S310 - the scheme was checked
        settings.call, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with direct_opener(settings.app.ca_file).open(request, timeout=PATIENCE_S):
        pass


def _shown(moment: datetime | None) -> str:
    return moment.strftime(SHOWN) if moment else "an unknown time"
