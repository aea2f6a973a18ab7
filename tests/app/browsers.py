"""A browser in which somebody has logged in already."""

from flask import Flask
from flask.testing import FlaskClient

from app.accounts import sessions
from app.records.accounts import User


def signed_in(app: Flask, user: User) -> FlaskClient:
    """Sign in the way the log-in page does, without the page."""
    client = app.test_client()
    with app.test_request_context() as context:
        sessions.sign_in(user, context.request)
        token = user.session_token
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return client
