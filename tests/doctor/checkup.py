"""Runs `oims doctor` in this process over the databases of a test."""

import contextlib
import io
import json

from cli.main import main


def doctor(*arguments):
    """The exit status, and what was printed (or complained of)."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["doctor", *map(str, arguments)])
    return status, out.getvalue() + err.getvalue()


def findings(*arguments):
    """What was found, by the name of the invariant."""
    _, text = doctor("--json", *arguments)
    return {one["name"]: one for one in json.loads(text)["invariants"]}


def failed(*arguments):
    """The invariants that do not hold, each with the first things that are wrong."""
    return {name: one["first"] for name, one in findings(*arguments).items() if one["result"] == "failed"}


def assert_sound(*arguments, at_rest=False):
    """Fail with doctor's words if anything is wrong with these databases."""
    status, text = doctor(*arguments, *(["--at-rest"] if at_rest else []))
    assert status == 0, text
