"""Reading where the messages of a contact method go."""

from app import vault
from app.extensions import db
from app.notify.delivery import DeliveryError
from app.records.channels import ContactMethod
from app.records.outbox import OutboxMessage
from app.vault import Purpose


def of(message: OutboxMessage) -> str:
    """Return where a message goes, and let go of the database.

    Raises:
        DeliveryError: the contact method was removed, or can't be read.

    """
    try:
        method = db.session.get(ContactMethod, message.method_id or 0)
        if method is None:
            raise DeliveryError("The contact method was removed.", is_permanent=True)
        return vault.open_(method.sealed, purpose=Purpose.CONTACT_METHOD, owner=method.id)
    except vault.Unreadable:
        reason = "OIMS_SECRET_KEY has changed: the contact method must be added again."
        raise DeliveryError(reason, is_permanent=True) from None
    finally:
        db.session.rollback()
