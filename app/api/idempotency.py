"""A POST with an ``Idempotency-Key`` takes effect once: effect and answer are one transaction.

After draft-ietf-httpapi-idempotency-key-header. Refusals are not kept: they had no effect.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta

from flask import Response, current_app, request
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from app.clock import now
from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.records.accounts import ApiToken
from app.records.idempotency import KeptAnswer

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
PATTERN = r"^[!-~]{1,255}$"
KEPT_FOR = timedelta(hours=24)


def once(token: ApiToken, effect: Callable[[], Response]) -> Response:
    """Let ``effect`` happen if it has not yet; return its answer, now or as it was given the first time.

    Raises:
        InvalidInput: the key is malformed, or was used for another request.

    """
    key = request.headers.get(HEADER)
    if key is None:
        return effect()
    if not re.match(PATTERN, key):
        raise _refusal("must be 1 to 255 visible ASCII characters")
    token_id = token.id
    try:
        return _claim(token_id, key, effect)
    except IntegrityError:
        # Another request with this key was faster by a moment; its answer is there now.
        return _claim(token_id, key, effect)


def forget_old() -> None:
    """Delete the answers that are kept no longer."""
    with transaction():
        db.session.execute(delete(KeptAnswer).where(KeptAnswer.created_at < now() - KEPT_FOR))


def _claim(token_id: int, key: str, effect: Callable[[], Response]) -> Response:
    """Take the key first: whoever comes at the same moment waits for this transaction to end."""
    with transaction():
        kept = db.session.get(KeptAnswer, (token_id, key))
        if kept is not None:
            return _replay(kept)
        kept = KeptAnswer(token_id=token_id, key=key, request_hash=_hash())
        db.session.add(kept)
        db.session.flush()
        response = effect()
        kept.status, kept.body = response.status_code, response.get_data(as_text=True)
        kept.etag = response.headers.get("ETag")
        return response


def _replay(kept: KeptAnswer) -> Response:
    if kept.request_hash != _hash():
        raise _refusal("was used for another request; take a new one")
    response = current_app.response_class(kept.body, status=kept.status, content_type="application/json")
    response.headers[REPLAYED] = "true"
    if kept.etag:
        response.headers["ETag"] = kept.etag
    return response


def _hash() -> str:
    asked = f"{request.method} {request.full_path}\n{request.headers.get('If-Match', '')}\n".encode()
    return hashlib.sha256(asked + request.get_data()).hexdigest()


def _refusal(why: str) -> InvalidInput:
    return InvalidInput(f"{HEADER} {why}.", [{"field": HEADER, "message": why}])
