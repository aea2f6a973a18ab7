"""The shells themselves, asked what they would offer."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import OIMS

SHELLS = {
    "bash": 'source <("$OIMS" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _oims\n'
    'printf "%s\\n" "${COMPREPLY[@]}"',
    "zsh": "compdef() { :; }; compadd() { shift; local one\n"
    'for one in "$@"; do [[ $one == "${words[CURRENT]}"* ]] && print -r -- $one; done; return 0 }\n'
    'eval "$("$OIMS" completion zsh)"; words=("$@"); CURRENT=$#; _oims',
}


def offered(shell: str, *words: str) -> list[str]:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    flags = ["--norc"] if shell == "bash" else ["-f"]
    done = subprocess.run(
        [program, *flags, "-c", SHELLS[shell], shell, *words],
        env={"PATH": os.environ["PATH"], "OIMS": str(OIMS)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("oims", "re"), ["reopen", "resolve"]),
        (("oims", "list", "--st"), ["--state"]),
        (("oims", "list", "--state", ""), ["open", "acknowledged", "resolved"]),
        (("oims", "list", "--state", "open", "--severity", "c"), ["critical"]),
        (("oims", "severity", "12", ""), ["--help", "--json", "critical", "high", "medium", "low"]),
        (("oims", "completion", "z"), ["zsh"]),
        (("oims", "maintenance", ""), ["--help", "end", "list", "plan"]),
        (("oims", "maintenance", "plan", "--w"), ["--weekly-until"]),
        (("oims", "create", "--label", ""), []),
    ],
)
def test_it_offers_commands_options_and_values(
    shell: str, words: tuple[str, ...], expected: list[str]
) -> None:
    assert sorted(offered(shell, *words)) == sorted(expected)


def test_the_command_can_be_linked_to(tmp_path: Path) -> None:
    link = tmp_path / "oims"
    link.symlink_to(OIMS)
    done = subprocess.run(
        [link, "--version"], cwd="/", capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "oims 0.1.0\n"
