"""The command itself: parse, run, and turn what goes wrong into a sentence and an exit status."""

import os
import sys
from collections.abc import Sequence

from cli import settings
from cli.arguments import parser
from cli.client import Client
from cli.doctor import command as doctor
from cli.errors import INTERRUPTED, CommandError
from cli.terminal import clean
from cli.watch import command as watch
from cli.write import print_line
from contract.text import decoded


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args([decoded(os.fsencode(argument)) for argument in given])
    status = 0
    try:
        if options.command == "completion":
            print_line(_completion(options.shell))
        elif options.command == "doctor":
            status = doctor.run(options, os.environ)
        elif options.command == "watch":
            status = watch.run(options, os.environ)
        else:
            options.run(Client(settings.load(os.environ)), options)
        sys.stdout.flush()
    except CommandError as error:
        for line in error.sentence.splitlines():
            indent = "  " if line.startswith(" ") else "oims: "
            sys.stderr.write(f"{indent}{clean(line)}\n")
        return error.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader, such as head, has seen enough. Nothing may be flushed into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _completion(shell: str) -> str:
    import shtab  # noqa: PLC0415 - only this command pays for it

    script: str = shtab.complete(parser(), shell=shell)
    return script.rstrip()
