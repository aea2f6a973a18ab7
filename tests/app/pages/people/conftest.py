"""A mail server that is set, an administrator, and the mails in the outbox."""

import pytest

from app.extensions import db
from app.records.accounts import Role
from app.records.outbox import OutboxMessage
from tests.app.pages import stories


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": 9})


@pytest.fixture
def root(app):
    with app.app_context():
        return stories.person("Root", Role.ADMIN)


@pytest.fixture
def admin(log_in, root):
    """The administrator's browser."""
    return log_in(root)


@pytest.fixture
def mails(app):
    """The mails in the outbox, of one kind."""

    def mails(kind):
        with app.app_context():
            found = db.session.query(OutboxMessage).filter_by(kind=kind).order_by(OutboxMessage.id).all()
            return [(mail.recipient, mail.text) for mail in found]

    return mails
