"""The small types of the policy: durations, names, and values that a label may give."""

import re
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
)

from contract import durations, matchers

NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_PLAYBOOK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.ya?ml")


def is_name(text: str) -> bool:
    """Say whether text is a Kubernetes object name (lower case, digits, `-`, `.`; at most 253)."""
    return NAME.fullmatch(text) is not None


def _duration(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(durations.WANTED)  # noqa: TRY004 - pydantic tells ValueErrors
    return durations.read_whole(value)


def _name(text: str) -> str:
    if not is_name(text):
        raise ValueError("is not an object name (lower case letters, digits, - and .)")
    return text


def _playbook(text: str) -> str:
    if not _PLAYBOOK.fullmatch(text):
        raise ValueError(
            "is not a file name of the playbooks folder, such as restart_oims.yml (never a path)"
        )
    return text


def _matchers(value: object) -> object:
    if isinstance(value, str):
        try:
            return tuple(matchers.read(value, may_match_empty=True))
        except matchers.InvalidMatchersError as error:
            raise ValueError(f"is no set of matchers: {' '.join(error.sentences)}") from None
    if not isinstance(value, dict):
        return value
    return tuple(matchers.any_of(*_label_and_values(label, wanted)) for label, wanted in value.items())


def _label_and_values(label: object, wanted: object) -> tuple[str, list[str]]:
    values = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(label, str) or not isinstance(values, list) or not values:
        raise ValueError(f"needs text, or a list of texts, for the label {label}")
    if not all(isinstance(item, str) for item in values):
        raise ValueError(f"needs values in quotes where they are not words, for the label {label}")
    return label, values


Duration = Annotated[
    int,
    BeforeValidator(_duration),
    PlainSerializer(durations.write, return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1, "pattern": durations.WHOLE_PATTERN}),
]
Name = Annotated[str, AfterValidator(_name)]
Playbook = Annotated[str, AfterValidator(_playbook)]
Matchers = Annotated[
    tuple[matchers.Matcher, ...],
    BeforeValidator(_matchers),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "additionalProperties": {
                        "anyOf": [
                            {"type": "string"},
                            {"type": "array", "items": {"type": "string"}, "minItems": 1},
                        ]
                    },
                },
            ]
        }
    ),
]
"""Matchers in Alertmanager's syntax, or a mapping of labels to the value, or the values, each must have."""
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Closed(BaseModel):
    """A part of the policy: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FromLabel(Closed):
    """A value that the alert's label gives, if it is a name and on the list."""

    label: str = Field(min_length=1, description="The label that is read.")
    allow: tuple[Name, ...] = Field(min_length=1, description="The only values that are accepted.")


def _kind_of(value: object) -> str:
    """Tell the branches of a union apart, so that a mistake is reported for the one that was meant."""
    if isinstance(value, dict | FromLabel):
        return "#label"
    return "#number" if isinstance(value, int) and not isinstance(value, bool) else "#text"


def _text_or_label(value: object) -> str:
    return "#label" if _kind_of(value) == "#label" else "#text"


_Label = Annotated[FromLabel, Tag("#label")]
NameOrLabel = Annotated[Annotated[Name, Tag("#text")] | _Label, Discriminator(_text_or_label)]
Value = Annotated[
    Annotated[int, Tag("#number")] | Annotated[str, Tag("#text")] | _Label, Discriminator(_kind_of)
]
Kind = Literal["Deployment", "StatefulSet", "DaemonSet"]
KINDS: tuple[Kind, ...] = get_args(Kind)
