"""Everything that is encrypted at rest, encrypted anew after a change of the secret key."""

from sqlalchemy import select

from app import vault
from app.extensions import db
from app.records.channels import ContactMethod, OutgoingWebhook, WebPushKeys
from app.records.factors import Factor
from app.records.heartbeats import Heartbeat
from app.vault import Purpose

COLUMNS = (
    (Factor, "secret", Purpose.SECOND_FACTOR),
    (Heartbeat, "ping_sealed", Purpose.PING_ADDRESS),
    (ContactMethod, "sealed", Purpose.CONTACT_METHOD),
    (WebPushKeys, "sealed", Purpose.WEB_PUSH_KEY),
    (OutgoingWebhook, "url_sealed", Purpose.WEBHOOK_ADDRESS),
    (OutgoingWebhook, "secret_sealed", Purpose.WEBHOOK_SECRET),
)


def seal_anew() -> int:
    """Encrypt with the present key what the old one had encrypted, in a transaction; return how much it was.

    What neither key opens is left as it is.
    """
    count = 0
    for model, name, purpose in COLUMNS:
        for row in db.session.scalars(select(model)):
            sealed = getattr(row, name)
            anew = vault.seal_anew(sealed, purpose=purpose) if sealed else None
            if anew is not None:
                setattr(row, name, anew)
                count += 1
    return count
