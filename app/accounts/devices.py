"""Browsers that have logged in before, by a signed cookie: guessing elsewhere must not lock their people out.

The cookie opens nothing. It names the browser and the accounts it has logged in to, so that the brake on
guessing (throttle.py) counts it in a bucket of its own.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadData, URLSafeSerializer

from app.records.accounts import User

KEPT = timedelta(days=365)
ACCOUNTS = 5
"""How many accounts one browser remembers, the newest first."""


@dataclass(frozen=True)
class Device:
    """A browser: a random name, and the ids of the accounts it has logged in to."""

    name: str
    users: tuple[int, ...]


def current() -> Device | None:
    """Return the browser of this request, if it carries a cookie that this installation has signed."""
    try:
        found = _signer().loads(request.cookies.get(_cookie(), ""))
        return Device(str(found["device"]), tuple(map(int, found["users"])))
    except (BadData, KeyError, TypeError, ValueError):
        return None


def remember(user: User) -> None:
    """Give the browser of this request the cookie, with its answer."""
    device = current() or Device(secrets.token_urlsafe(16), ())
    users = [user.id, *(one for one in device.users if one != user.id)][:ACCOUNTS]
    value = _signer().dumps({"device": device.name, "users": users})

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            _cookie(),
            value,
            max_age=KEPT,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
        return response


def _cookie() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-device"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="device")
