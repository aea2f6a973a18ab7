"""The shells themselves, asked what they would offer."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import OIMS

BASH = """
source <("$OIMS" completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
function=$(complete -p oims | grep -o -- '-F [^ ]*')
"${function#-F }" oims "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf "%s\\n" "${COMPREPLY[@]}"
"""
# zsh completes on a terminal only: a Tab is typed into a shell of its own, and what that prints is read back.
ZSH = """
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell 'PS1=; unsetopt zle_bracketed_paste; LISTMAX=10000; autoload -Uz compinit; compinit -u -D'
zpty -w shell 'tab() { zle list-choices; zle -R; print ENDE""D }; zle -N tab; bindkey "^I" tab'
zpty -w shell 'eval "$("$OIMS" completion zsh)"; print READ""Y'
zpty -r -m shell found '*READY*'
zpty -n -w shell "$*"$'\\t'
zpty -r -m shell found '*ENDED*'
print -r -- "$found"
"""
ANSI = re.compile(r"\x1b\[[0-9?;]*[a-zA-Z]")


def offered(shell: str, *words: str) -> str:
    """Return what the shell prints when these words are completed."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    flags, script = (["--norc"], BASH) if shell == "bash" else (["-f"], ZSH)
    done = subprocess.run(
        [program, *flags, "-c", script, shell, *words],
        env={"PATH": os.environ["PATH"], "OIMS": str(OIMS)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return ANSI.sub("", done.stdout)


CASES: list[tuple[tuple[str, ...], set[str], set[str]]] = [
    (("oims", "re"), {"reopen", "resolve"}, {"list"}),
    (("oims", "list", "--st"), {"--state"}, {"--severity"}),
    (("oims", "list", "--state", ""), {"open", "acknowledged", "resolved"}, {"critical"}),
    (("oims", "list", "--state", "open", "--severity", "c"), {"critical"}, {"high"}),
    (("oims", "severity", "12", ""), {"critical", "high", "medium", "low"}, {"open"}),
    (("oims", "completion", "z"), {"zsh"}, {"bash"}),
    (("oims", "maintenance", ""), {"end", "list", "plan"}, {"severity"}),
    (("oims", "maintenance", "plan", "--w"), {"--weekly-until"}, {"--match"}),
    (("oims", "create", "--label", ""), set(), {"list", "open"}),
]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(("words", "expected", "others"), CASES)
def test_it_offers_commands_options_and_values(
    shell: str, words: tuple[str, ...], expected: set[str], others: set[str]
) -> None:
    said = set(offered(shell, *words).split()) - set(words)
    assert expected <= said
    assert not others & said


def test_the_command_can_be_linked_to(tmp_path: Path) -> None:
    link = tmp_path / "oims"
    link.symlink_to(OIMS)
    done = subprocess.run(
        [link, "--version"], cwd="/", capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "oims 0.1.0\n"
