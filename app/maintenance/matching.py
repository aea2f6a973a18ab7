"""What a person writes of the alerts that a window is about, read as the matchers of all parts."""

from app.errors import InvalidInput
from contract import matchers


def read(text: str) -> list[dict[str, str]]:
    """Read matchers as they are stored.

    Raises:
        InvalidInput: there is none, or one can't be read or can't hold; with the place of each.

    """
    try:
        found = matchers.read(text)
    except matchers.InvalidMatchersError as error:
        problems = error.sentences
        raise InvalidInput(
            f"matchers: {problems[0]}", [{"field": "matchers", "message": problem} for problem in problems]
        ) from None
    return [matcher.model_dump(mode="json") for matcher in found]
