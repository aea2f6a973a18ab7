"""How often a token may ask. Headers as in draft-ietf-httpapi-ratelimit-headers-10."""

import math

from flask import Flask, Response, current_app, g

from app.errors import TooManyAttempts
from app.limiter import WINDOW_S, Limiter
from app.records.accounts import ApiToken

POLICY = "RateLimit-Policy"
STATE = "RateLimit"


def count(token: ApiToken) -> None:
    """Count this request.

    Raises:
        TooManyAttempts: the token asked too often; the answer says when to ask again.

    """
    limiter: Limiter | None = current_app.extensions["api_limiter"]
    if limiter is None:
        return
    left = limiter.take(token.id)
    wait = math.ceil(max(0.0, -left) / limiter.quota * WINDOW_S)
    g.rate_limit = f'"token";r={max(0, math.floor(left))};t={wait or _refill(limiter, left)}'
    if left < 0:
        raise TooManyAttempts(f"This token may ask {limiter.quota} times a minute. Wait, then repeat.", wait)


def init_app(app: Flask) -> None:
    """Make the buckets, and let the answers tell how they stand."""
    quota = app.config["SETTINGS"].api_rate_limit
    app.extensions["api_limiter"] = Limiter(quota) if quota else None

    @app.after_request
    def add_headers(response: Response) -> Response:
        if "rate_limit" in g:
            response.headers[POLICY] = f'"token";q={quota};w={WINDOW_S}'
            response.headers[STATE] = g.rate_limit
        return response


def _refill(limiter: Limiter, left: float) -> int:
    """Return the seconds until the bucket is full again."""
    return math.ceil((limiter.quota - left) / limiter.quota * WINDOW_S)
