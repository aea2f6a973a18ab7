"""A mail as it goes over the wire: its headers, its encoding, and addresses that every server understands."""

from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any, override

import idna

from app.records.outbox import OutboxMessage

FOLDED = frozenset({"subject", "from", "to"})
LONGEST_LINE = 998
LONGEST_WORD = 60
"""Characters that the library folds without encoding them."""


class _Wire(EmailPolicy):
    """Folds people's words short, as RFC 2047 asks, and keeps long ids whole, as mail programs want them."""

    @override
    def fold(self, name: str, value: Any) -> str:
        """Return a header as text."""
        if name.lower() == "subject" and self._is_to_be_encoded(str(value)):
            return (
                f"{name}: {Header(str(value), 'utf-8', 75, name).encode(linesep=self.linesep)}{self.linesep}"
            )
        return str(SMTP.clone(**self._options(name)).fold(name, value))

    @override
    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as bytes."""
        if name.lower() == "subject":
            return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii")
        return SMTP.clone(**self._options(name)).fold_binary(name, value)

    def _is_to_be_encoded(self, text: str) -> bool:
        """Say so also of text that only looks encoded, which mail programs would show as something else."""
        is_foldable = all(len(word) <= LONGEST_WORD for word in text.split(" "))
        return _looks_encoded(text) or not (is_foldable and (text.isascii() or self.utf8))

    def _options(self, name: str) -> dict[str, Any]:
        length = SMTP.max_line_length if name.lower() in FOLDED else LONGEST_LINE
        return {"max_line_length": length, "utf8": self.utf8, "cte_type": self.cte_type}


def compose(
    message: OutboxMessage, sender: str, *, is_8bit: bool = False, is_utf8: bool = False
) -> EmailMessage:
    """Build the mail, in 7 bits unless the server takes 8; ``is_utf8`` allows them in headers, too.

    The library refuses line breaks in headers, and the subject has none. The incident's own id heads
    References and In-Reply-To, so that all its mails stand in one thread. News to people with an account
    can be ended by one click (RFC 8058), which asks for HTTPS.

    Raises:
        ValueError: an address is none.

    """
    policy = _Wire(linesep="\r\n", utf8=is_utf8, cte_type="8bit" if is_8bit or is_utf8 else "7bit")
    mail = EmailMessage(policy=policy)
    name, address = parseaddr(sender)
    mail["From"] = _address(address, name)
    mail["To"] = _address(message.recipient)
    subject = message.subject
    # The library decodes what it is given.
    mail["Subject"] = Header(subject, "utf-8").encode(maxlinelen=0) if _looks_encoded(subject) else subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message.message_id
    if message.thread_id:
        mail["In-Reply-To"] = message.thread_id
        mail["References"] = message.thread_id
    mail["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        if message.unsubscribe_url.startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _looks_encoded(text: str) -> bool:
    return "=?" in text


def _address(address: str, name: str = "") -> Address:
    """Return an address for a header. Raises ValueError if it is none."""
    text = ascii_domain(address)
    if text.isascii():
        return Address(name, addr_spec=text)
    local, _, domain = text.rpartition("@")  # the library reads no address with other letters here
    return Address(name, username=local, domain=domain)


def ascii_domain(address: str) -> str:
    """Return an address whose domain is in ASCII (IDNA), which servers without SMTPUTF8 take, too.

    Raises:
        ValueError: it is no address, or its domain can't be one.

    """
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("no address")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain}"
