"""Names of people: no two look alike, and none looks like a role, the automation or the system.

Two names are the same when they fold to the same key: compatibility forms (NFKC), characters that look alike
(Unicode's confusables, by confusable-homoglyphs) and letters' case are made one, and what is no letter or
digit is left out. The key is unique in the database.
"""

import unicodedata
from functools import cache

from confusable_homoglyphs import confusables
from sqlalchemy import select

from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.records import audit
from app.records.account_entries import UserRenamed
from app.records.accounts import User
from app.records.actors import SETTINGS
from app.text import entered
from contract import limits
from contract.text import clean

MAX_LENGTH = limits.PERSON
MAX_KEY = 400
RESERVED = (
    *("admin", "administrator", "responder", "viewer"),
    *("automation", "oims", "system", "alertmanager", "prometheus", "webhook", "worker"),
    *("settings", "command line", "single sign-on", "somebody"),
)
UNSEEN = frozenset("\u115f\u1160\u3164\uffa0")
"""Fillers of Hangul: letters by their category, and blank on every screen."""
ALIKE = {"i": "l", "1": "l", "|": "l", "0": "o", "m": "rn", "w": "vv"}
"""What looks alike among the letters and digits that fold to themselves."""


def key(name: str) -> str:
    """Return what a name is compared by."""
    once = "".join(map(_prototype, unicodedata.normalize("NFKC", name))).casefold()
    twice = "".join(map(_prototype, unicodedata.normalize("NFKC", once))).casefold()
    folded = "".join(ALIKE.get(c, c) for c in twice)
    return ("".join(c for c in folded if _is_seen(c)) or folded)[:MAX_KEY]


def usable(name: str, *, email: str, user_id: int | None = None) -> str:
    """Return a name on one line that this account may have; call it in the transaction that stores it.

    Raises:
        InvalidInput: it is empty, too long, taken, reserved, or somebody else's address.

    """
    line = entered("name", " ".join(name.split()), MAX_LENGTH, required=True)
    if not any(map(_is_seen, line)):
        message = "A name needs a letter or a digit."
        raise InvalidInput(message, [{"field": "name", "message": message}])
    if _is_taken(line, email=email, user_id=user_id):
        message = "This name is taken, or looks like another one. Choose one that nobody can mistake."
        raise InvalidInput(message, [{"field": "name", "message": message}])
    return line


def free(name: str, *, email: str, user_id: int | None = None) -> str:
    """Return the name, with a number where it can't be had as it is: nobody is there who could choose."""
    line = clean(" ".join(name.split()), MAX_LENGTH)
    wanted = line if any(map(_is_seen, line)) else email[:MAX_LENGTH]
    found, number = wanted, 2
    while _is_taken(found, email=email, user_id=user_id):
        suffix = f" ({number})"
        found, number = wanted[: MAX_LENGTH - len(suffix)] + suffix, number + 1
    return found


def settle() -> None:
    """Give accounts of an older version their keys; a name that can't stay gets a number. Safe to repeat."""
    with transaction():
        for user in db.session.scalars(select(User).where(User.name_key.is_(None)).order_by(User.id)).all():
            old, user.name = user.name, free(user.name, email=user.email, user_id=user.id)
            user.name_key = key(user.name)
            db.session.flush()
            if old != user.name:
                summary = f"{user.email} is called {user.name} now: the name {old} was taken or reserved."
                audit.record(UserRenamed(user_id=user.id), SETTINGS, summary)


def _is_taken(name: str, *, email: str, user_id: int | None) -> bool:
    folded = key(name)
    if folded in _reserved() or ("@" in name and name.lower() != email[:MAX_LENGTH]):
        return True
    others = select(User.id).where(User.name_key == folded)
    return db.session.scalar(others.where(User.id != user_id) if user_id else others) is not None


@cache
def _reserved() -> frozenset[str]:
    return frozenset({key(word) for word in RESERVED} | {key(f"{word}s") for word in RESERVED})


@cache
def _table(character: str) -> tuple[str, ...]:
    found = confusables.is_confusable(character, greedy=True)
    return tuple(item["c"].strip("\u200e") for item in found[0]["homoglyphs"]) if found else ()


def _prototype(character: str) -> str:
    """Return what stands for all characters that look like this one.

    The library lists for one that others look like all of those, and for each of the others only that one.
    """
    if character.isascii():
        return character
    alike = _table(character)
    if len(alike) != 1:
        return character
    (other,) = alike
    return other if len(other) > 1 or len(_table(other)) > 1 else min(character, other)


def _is_seen(character: str) -> bool:
    """Say whether a character is a letter or digit that a reader sees."""
    return character.isalnum() and character not in UNSEEN
