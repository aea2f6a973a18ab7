"""A person's saved views: filters of the list under a name."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from sqlalchemy import delete, func, select
from werkzeug.datastructures import MultiDict

from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.incidents.filters import Selection
from app.records.incidents import SavedView
from app.text import entered
from contract import limits

MAX_NAME = limits.VIEW_NAME
MAX_QUERY = limits.QUERY
MOST = 30


def of(user_id: int) -> Sequence[SavedView]:
    """Return a person's views by name."""
    statement = select(SavedView).where(SavedView.user_id == user_id).order_by(SavedView.name)
    return db.session.scalars(statement).all()


def read(query: str) -> Selection:
    """Return the filters of a query string; what is none of ours is dropped."""
    return Selection.from_url(MultiDict(parse_qsl(query[:MAX_QUERY], max_num_fields=50)))


def keep(user_id: int, *, name: str, query: str) -> SavedView:
    """Keep filters under a name; a view of that name is replaced.

    Raises:
        InvalidInput: the name is empty or too long, or there are too many views.

    """
    name = entered("name", " ".join(name.split()), MAX_NAME, required=True)
    query = read(query).query()
    with transaction():
        view = db.session.scalar(
            select(SavedView).where(SavedView.user_id == user_id, SavedView.name == name)
        )
        if view is None:
            statement = select(func.count()).select_from(SavedView).where(SavedView.user_id == user_id)
            if (db.session.scalar(statement) or 0) >= MOST:
                message = f"You have {MOST} views; remove one first."
                raise InvalidInput(message, [{"field": "name", "message": message}])
            view = SavedView(user_id=user_id, name=name)
            db.session.add(view)
        view.query = query
    return view


def forget(user_id: int, view_id: int) -> None:
    """Remove one of the person's own views; one that is gone, or another's, changes nothing."""
    with transaction():
        db.session.execute(delete(SavedView).where(SavedView.id == view_id, SavedView.user_id == user_id))
