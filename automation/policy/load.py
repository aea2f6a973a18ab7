"""Reading `policy.yml`: one Policy, or every mistake with its file, line and reason."""

import difflib
import functools
import hashlib
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from automation.errors import ConfigurationError
from automation.policy.contents import read_contents
from automation.policy.schemas import Policy, Remedy

Location = tuple[int | str, ...]


class Source:
    """A YAML file that remembers on which line each value stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
            self._refuse_repeated_keys(self._root)
            self.data = yaml.safe_load(text)
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path}: is not UTF-8 text") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigurationError(f"{path}:{line}: is not valid YAML: {error.problem}") from None
        except (yaml.YAMLError, RecursionError):
            raise ConfigurationError(f"{path}:1: is not valid YAML") from None

    def problem(self, loc: Location, reason: str) -> str:
        """Write a mistake at a place in the file as one line."""
        where = _write_location(loc)
        return f"{self.path}:{self.line(loc)}: {where + ': ' if where else ''}{reason}"

    def line(self, loc: Location) -> int:
        """Return the line of a place in the file, or of the nearest part that exists."""
        node = self._root
        line = node.start_mark.line if node else 0
        for step in loc:
            child = _child(node, step)
            if child is None:
                break
            mark, node = child
            line = mark.start_mark.line
        return line + 1

    def _refuse_repeated_keys(self, node: yaml.Node | None) -> None:
        """YAML would silently keep the last of two equal keys."""
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    line = key.start_mark.line + 1
                    raise ConfigurationError(f'{self.path}:{line}: the key "{key.value}" is there twice')
                seen.add(str(key.value))
                self._refuse_repeated_keys(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                self._refuse_repeated_keys(value)


def load_policy(path: Path, playbooks: Path) -> Policy:
    """Read the policy and check it against the playbooks folder.

    Raises ConfigurationError with one line for each mistake: file, line, place, reason.
    """
    source = Source(path)
    data = source.data
    if not isinstance(data, dict):
        raise ConfigurationError(source.problem((), "must be a mapping with the key remedies"))
    try:
        policy = Policy.model_validate(_with_defaults(data))
    except ValidationError as error:
        raise ConfigurationError("\n".join(_mistakes(error, source))) from None
    problems = [
        *_repeated_names(policy, source),
        *_playbook_problems(policy, playbooks, source),
        *_digest_problems(policy, playbooks, source),
    ]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return policy


def playbook_problem(name: str, pin: str | None, playbooks: Path) -> str | None:
    """Say what is wrong with a playbook: missing, no regular file, or not the one of SHA-256 `pin`."""
    path = playbooks / name
    found = digest(path)
    if found is None:
        return f"{name} is not in {playbooks}"
    if not stat.S_ISREG(path.lstat().st_mode):
        return f"{name} is not a regular file"
    if pin and found != pin:
        return f"{name} has the SHA-256 {found}, not the pinned one"
    return None


def digest_problem(found: str, wanted: str, playbooks: Path) -> str | None:
    """Say that a playbooks folder is not the one of a digest, and what to do."""
    if found == wanted:
        return None
    return (
        f"{playbooks} was changed: its digest is {found}, not the pinned {wanted}; look at the change, then "
        "pin what `python -m automation digest` prints"
    )


def digest(path: Path) -> str | None:
    """Return the SHA-256 of a file; none when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _mistakes(error: ValidationError, source: Source) -> list[str]:
    """Write each mistake once: a wrong default would also be wrong in every remedy that takes it."""
    found = [(_shorten(item["loc"]), _reason(item)) for item in error.errors()]
    defaults = {(loc[1:], reason) for loc, reason in found if loc[:1] == ("defaults",)}
    own = [item for item in found if item[0][:1] != ("remedies",) or (item[0][2:], item[1]) not in defaults]
    return list(dict.fromkeys(source.problem(loc, reason) for loc, reason in own))


def _with_defaults(data: dict[str, Any]) -> dict[str, Any]:
    """Give each remedy the defaults it does not override (`verify` and `flapping` key by key)."""
    defaults, remedies = data.get("defaults"), data.get("remedies")
    if not isinstance(defaults, dict) or not isinstance(remedies, list):
        return data
    return {**data, "remedies": [_merge(defaults, remedy) for remedy in remedies]}


def _merge(defaults: dict[str, Any], remedy: Any) -> Any:
    if not isinstance(remedy, dict):
        return remedy
    merged = {**defaults, **remedy}
    for key in ("verify", "flapping"):
        ours, theirs = defaults.get(key), remedy.get(key)
        if isinstance(ours, dict) and isinstance(theirs, dict):
            merged[key] = {**ours, **theirs}
    return merged


def _repeated_names(policy: Policy, source: Source) -> list[str]:
    seen: set[str] = set()
    problems = []
    for index, remedy in enumerate(policy.remedies):
        if remedy.label in seen:
            reason = f"the name {remedy.label} is taken by an earlier remedy: give this one a name of its own"
            problems.append(source.problem(("remedies", index), reason))
        seen.add(remedy.label)
    return problems


def _playbook_problems(policy: Policy, playbooks: Path, source: Source) -> list[str]:
    named = [
        (("remedies", index, *place), name, pin)
        for index, remedy in enumerate(policy.remedies)
        for place, name, pin in (
            *((place, name, remedy.sha256) for place, name in _places(remedy)),
            (("diagnostics",), remedy.diagnostics_playbook, None),
        )
        if name
    ]
    return [
        source.problem(loc, problem)
        for loc, name, pin in named
        if (problem := playbook_problem(name, pin, playbooks))
    ]


def _places(remedy: Remedy) -> list[tuple[Location, str]]:
    """Return where a remedy names its playbooks."""
    if remedy.steps:
        return [(("steps", number), name) for number, name in enumerate(remedy.steps)]
    return [(("playbook",), remedy.playbook)]


def _digest_problems(policy: Policy, playbooks: Path, source: Source) -> list[str]:
    pinned = [(index, remedy.digest) for index, remedy in enumerate(policy.remedies) if remedy.digest]
    if not pinned:
        return []
    found = read_contents(playbooks, source.path).digest
    return [
        source.problem(("remedies", index, "digest"), problem)
        for index, wanted in pinned
        if (problem := digest_problem(found, wanted, playbooks))
    ]


def _shorten(loc: Location) -> Location:
    """Drop the steps that pydantic adds: the branch of a union, and that it was the key."""
    return tuple(step for step in loc if isinstance(step, int) or not step.startswith(("#", "[")))


def _reason(item: ErrorDetails) -> str:
    kind, message = item["type"], item["msg"].removeprefix("Value error, ")
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not a known key" + _suggestion(str(item["loc"][-1]))
    if kind == "value_error":
        shown = item["input"]
        return f"{shown!r} {message}" if isinstance(shown, str | int | float) else message
    return f"{message[0].lower()}{message[1:]}, not {str(item['input'])[:60]!r}"


def _suggestion(word: str) -> str:
    if word in _known_keys():
        return " here"
    close = difflib.get_close_matches(word, _known_keys(), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


@functools.cache
def _known_keys() -> list[str]:
    schema = Policy.model_json_schema(by_alias=True)
    parts = [schema, *schema["$defs"].values()]
    return sorted({name for part in parts for name in part.get("properties", {})})


def _write_location(loc: Sequence[int | str]) -> str:
    text = ""
    for step in loc:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _child(node: yaml.Node | None, step: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the node that marks a step's line, and the step's value."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None
