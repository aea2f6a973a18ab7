"""Messaging services, through Apprise: which addresses are taken, and one message sent.

Apprise's addresses can do more than name a receiver: read files, switch off checks of certificates, follow
redirects. Only what stands here is taken; its 150 other services are not even loaded.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from threading import get_ident
from urllib.parse import parse_qsl, urlsplit

from apprise import AppriseAsset, NotifyBase, NotifyType
from apprise.plugins.gotify import NotifyGotify
from apprise.plugins.matrix import NotifyMatrix
from apprise.plugins.mattermost import NotifyMattermost
from apprise.plugins.ntfy import NotifyNtfy
from apprise.plugins.pushover import NotifyPushover
from apprise.plugins.signl4 import NotifySIGNL4
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram
from apprise.plugins.twilio import NotifyTwilio
from apprise.plugins.vonage import NotifyVonage
from apprise.plugins.workflows import NotifyWorkflows

from app import outside
from app.outside import Allowed
from app.records.channels import MethodKind
from contract import limits
from contract.redaction import redact
from contract.text import one_line

SCHEMES: Mapping[MethodKind, Sequence[str]] = {
    MethodKind.NTFY: ("ntfys", "ntfy"),
    MethodKind.PUSHOVER: ("pover",),
    MethodKind.GOTIFY: ("gotifys", "gotify"),
    MethodKind.TELEGRAM: ("tgram",),
    MethodKind.SLACK: ("slack",),
    MethodKind.MATTERMOST: ("mmosts", "mmost"),
    MethodKind.TEAMS: ("workflows",),
    MethodKind.MATRIX: ("matrixs", "matrix"),
    MethodKind.TWILIO: ("twilio",),
    MethodKind.VONAGE: ("vonage",),
    MethodKind.SIGNL4: ("signl4",),
}
SERVICES: Mapping[str, type[NotifyBase]] = {
    "ntfys": NotifyNtfy,
    "ntfy": NotifyNtfy,
    "pover": NotifyPushover,
    "gotifys": NotifyGotify,
    "gotify": NotifyGotify,
    "tgram": NotifyTelegram,
    "slack": NotifySlack,
    "mmosts": NotifyMattermost,
    "mmost": NotifyMattermost,
    "workflows": NotifyWorkflows,
    "matrixs": NotifyMatrix,
    "matrix": NotifyMatrix,
    "twilio": NotifyTwilio,
    "vonage": NotifyVonage,
    "signl4": NotifySIGNL4,
}
EXAMPLES: Mapping[MethodKind, str] = {
    MethodKind.NTFY: "ntfys://ntfy.example.org/topic, or ntfys://topic for ntfy.sh",
    MethodKind.PUSHOVER: "pover://user-key@token",
    MethodKind.GOTIFY: "gotifys://gotify.example.org/token",
    MethodKind.TELEGRAM: "tgram://bot-token/chat-id",
    MethodKind.SLACK: "slack://token-a/token-b/token-c/#channel",
    MethodKind.MATTERMOST: "mmosts://chat.example.org/token",
    MethodKind.TEAMS: "workflows://host/workflow/signature",
    MethodKind.MATRIX: "matrixs://user:password@matrix.example.org/#room",
    MethodKind.TWILIO: "twilio://account-sid:auth-token@from-number/to-number",
    MethodKind.VONAGE: "vonage://key:secret@from-number/to-number",
    MethodKind.SIGNL4: "signl4://team-secret",
}
QUERY = frozenset({"priority", "tags", "sound", "token", "method"})
"""What may stand behind the question mark of an address."""
NEVER_TAKEN = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.GONE,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    }
)
_STATUS = re.compile(r"error=(\d{3})\b")
_ASSET = AppriseAsset(
    app_id="OIMS",
    app_desc="OIMS",
    app_url="",
    async_mode=False,
    http_redirects=False,
    secure_logging=True,
    image_url_mask="",
    image_url_logo="",
)

_log = logging.getLogger("apprise")
_log.propagate = False  # its words may hold tokens; what failed is kept with the message, redacted


class NotTaken(Exception):
    """A service did not take a message; ``is_permanent``: it never will."""

    def __init__(self, reason: str, *, is_permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_permanent = is_permanent


def problem(kind: MethodKind, address: str) -> str | None:
    """Say in a sentence why an address is none of this kind; nothing if it is one."""
    example = f"Write {EXAMPLES[kind]}."
    try:
        parts = urlsplit(address.replace("#", "%23"))
    except ValueError:
        return example
    if parts.scheme not in SCHEMES[kind] or not address.isprintable() or " " in address:
        return example
    unknown = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)} - QUERY)
    if unknown:
        return f"Leave “{one_line(unknown[0], 30)}” out of the address."
    return None if _service(address) is not None else example


def send(address: str, *, title: str, text: str, allowed: Allowed) -> None:
    """Send one message.

    Raises:
        NotTaken: the service did not take it, could not be reached, or may not be called.

    """
    service = _service(address)
    if service is None:
        raise NotTaken("The address can't be read; enter it again.", is_permanent=True)
    told = _Told()
    _log.addHandler(told)
    try:
        with outside.guarded(str(service.host or ""), allowed) as guard:
            is_taken = service.notify(title=title, body=text, notify_type=NotifyType.WARNING)
    except (OSError, ValueError, TypeError) as error:
        raise NotTaken(f"It failed: {type(error).__name__}.", is_permanent=False) from None
    finally:
        _log.removeHandler(told)
    if guard.refused:
        raise NotTaken(f"It was not called: {guard.refused}.", is_permanent=True)
    if is_taken and not guard.is_over:
        return
    reason = "It did not answer in time." if guard.is_over else told.reason
    status = _STATUS.search(told.reason)
    raise NotTaken(reason, is_permanent=status is not None and int(status[1]) in NEVER_TAKEN)


def _service(address: str) -> NotifyBase | None:
    """Return what sends to an address, or nothing if the address is none of its."""
    service = SERVICES[address.partition(":")[0]]
    try:
        # People write a channel with its number sign, after which Apprise reads nothing.
        parts = service.parse_url(address.replace("#", "%23"))
        return service(**parts | {"asset": _ASSET}) if parts else None
    except (TypeError, ValueError):
        return None


class _Told(logging.Handler):
    """Keeps what Apprise says in this thread while it sends: it returns no reason."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = get_ident()
        self._words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of this thread."""
        if record.thread == self._thread:
            self._words.append(record.getMessage())

    @property
    def reason(self) -> str:
        """Return what was said, as far as it may be shown."""
        return (
            one_line(redact(" ".join(self._words)), limits.COMMENT) or "It was not taken, without a reason."
        )
