"""The people who can be on call, by what others call them."""

from collections.abc import Sequence

from app.accounts import names
from app.accounts import service as accounts
from app.errors import InvalidInput


def find(field: str, words: Sequence[str]) -> list[int]:
    """Return the accounts that are named, by their name or mail address, each once.

    Raises:
        InvalidInput: somebody is unknown, not active, or only looks.

    """
    by_address: dict[str, int] = {}
    by_name: dict[str, int] = {}
    for person in accounts.assignable():
        by_address[person.email] = person.id
        by_name[names.key(person.name)] = person.id
    found: dict[int, None] = {}
    for word in words:
        person_id = by_address.get(word.strip().lower()) or by_name.get(names.key(word))
        if person_id is None:
            message = f"No responder is called “{word.strip()}”."
            raise InvalidInput(f"{field}: {message}", [{"field": field, "message": message}])
        found[person_id] = None
    return list(found)
