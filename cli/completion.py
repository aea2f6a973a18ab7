"""Completion scripts for bash and zsh, made from the parser: commands, options, and the values of choices."""

import argparse
from collections.abc import Iterator

BASH = """\
_oims() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command='' word words=''
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in -*) continue ;; *) command+=${{command:+ }}$word ;; esac
    case $command in {groups}) ;; *) break ;; esac
  done
{cases}
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -F _oims oims"""

ZSH = """\
#compdef oims
_oims() {{
  local previous=${{words[CURRENT-1]}} command='' word
  local -a found
  for word in "${{words[@]:1:$((CURRENT-2))}}"; do
    case $word in (-*) continue ;; (*) command+=${{command:+ }}$word ;; esac
    case $command in ({groups}) ;; (*) break ;; esac
  done
{cases}
  compadd -- $found
}}
compdef _oims oims"""


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the script that a shell sources (bash) or finds in its ``fpath`` or sources (zsh)."""
    template, assign = (BASH, "words='{}'") if shell == "bash" else (ZSH, "found=({})")
    cases = ['  case "$command $previous" in']
    for pattern, words in _cases(parser):
        cases.append(f"    ({pattern}) {assign.format(' '.join(words))} ;;")
    cases.append("  esac")
    return template.format(cases="\n".join(cases), groups="|".join(_groups(parser)))


def _cases(parser: argparse.ArgumentParser) -> Iterator[tuple[str, list[str]]]:
    """Yield patterns of command and word before, the special ones first, with what may follow."""
    yield "' '*", [*commands_of(parser), *_options(parser)]
    for name, command in _named(parser):
        for action in command._actions:  # noqa: SLF001 - argparse has no other way to list them
            for option in action.option_strings:
                if action.nargs != 0:
                    yield f"'{name} {option}'", [str(choice) for choice in action.choices or ()]
        yield f"'{name} '*", [*_options(command), *_positional_choices(command)]


def _named(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield the commands by all their words; those of a group come before the group itself."""
    for name, command in commands_of(parser).items():
        yield from ((f"{name} {inner}", found) for inner, found in _named(command))
        yield name, command


def _groups(parser: argparse.ArgumentParser) -> list[str]:
    """Return the commands that have commands of their own."""
    return [name for name, command in commands_of(parser).items() if commands_of(command)]


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the commands by name."""
    for action in parser._actions:  # noqa: SLF001 - as above
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            return dict(action.choices)
    return {}


def _options(parser: argparse.ArgumentParser) -> list[str]:
    actions = parser._actions  # noqa: SLF001 - as above
    return [option for action in actions for option in action.option_strings if option.startswith("--")]


def _positional_choices(parser: argparse.ArgumentParser) -> list[str]:
    actions = parser._actions  # noqa: SLF001 - as above
    return [str(choice) for action in actions if not action.option_strings for choice in action.choices or ()]
