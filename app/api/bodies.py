"""Bodies and queries of requests, checked against a schema; every complaint names its field."""

from collections.abc import Callable

from flask import request
from pydantic import BaseModel, ValidationError

from app.errors import FieldError, InvalidInput
from contract.text import decoded


def read[M: BaseModel](model: type[M]) -> M:
    """Return the JSON body; no body at all is an empty object, what is no UTF-8 a replacement character.

    Raises:
        InvalidInput: it is no JSON, or some fields are missing or wrong.

    """
    return parsed(model, decoded(request.get_data()) or "{}")


def parsed[M: BaseModel](model: type[M], text: str) -> M:
    """Return a JSON text as a model. Raises as `read` does."""
    return _checked(lambda: model.model_validate_json(text, strict=True))


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
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidInput(
            "Some fields are missing or wrong; see errors.",
            [
                FieldError(
                    field=".".join(str(part) for part in problem["loc"]) or "body", message=problem["msg"]
                )
                for problem in problems[:20]
            ],
        ) from None
