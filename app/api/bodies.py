"""Bodies and queries of requests, checked against a schema; every complaint names its field."""

import json
import re
from collections.abc import Callable

from flask import request
from pydantic import BaseModel, ValidationError

from app.api.schemas.base import IN_WORDS
from app.errors import FieldError, InvalidInput
from contract.text import REPLACEMENT, decoded

_HALF = re.compile("[\ud800-\udfff]")
_HALF_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")


def read[M: BaseModel](model: type[M]) -> M:
    """Return the JSON body; no body at all is an empty object, what is no text a replacement character.

    Raises:
        InvalidInput: it is no JSON, or some fields are missing or wrong.

    """
    body = request.get_data()
    return parsed(model, decoded(body, json.detect_encoding(body)) or "{}")


def parsed[M: BaseModel](model: type[M], text: str) -> M:
    """Return a JSON text as a model. Raises as `read` does."""
    return _checked(lambda: model.model_validate_json(_whole(text), strict=True))


def _whole(text: str) -> str:
    """Return a JSON text with a mark for each half of a surrogate pair, as programs escape odd bytes."""
    if _HALF_ESCAPED.search(text) is None:
        return text
    try:
        return _HALF.sub(REPLACEMENT, json.dumps(json.loads(text), ensure_ascii=False))
    except (ValueError, RecursionError):
        return text  # the reader says what is wrong


def arguments[M: BaseModel](model: type[M]) -> M:
    """Return the query's arguments; those given twice become lists.

    Raises:
        InvalidInput: some are unknown or wrong.

    """
    given = {name: values if len(values) > 1 else values[0] for name, values in request.args.lists()}
    return _checked(lambda: model.model_validate(given))


def _checked[M: BaseModel](validate: Callable[[], M]) -> M:
    try:
        return validate()
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise InvalidInput(
            "Some fields are missing or wrong; see errors.",
            [
                FieldError(
                    field=".".join(str(part) for part in problem["loc"]) or "body",
                    message=IN_WORDS.get(problem.get("ctx", {}).get("pattern", ""), problem["msg"]),
                )
                for problem in problems[:20]
            ],
        ) from None
