"""The command: which databases, which lines, which exit status."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cli.doctor import across, incidents, journal, ledger
from cli.doctor.databases import APP, JOURNAL, LEDGER, Installation, open_database
from cli.doctor.invariants import INVARIANTS, Invariant, Tally
from cli.errors import REFUSED, USAGE, CommandError
from cli.terminal import clean
from cli.write import print_json, print_line

LOOKS = (journal, incidents, ledger, across)
"""The modules that make the invariants."""
OPENED = (LEDGER, APP, JOURNAL)
"""The order that keeps a running installation consistent: what one part has told, the next one has heard."""
VARIABLES = {JOURNAL: "OIMS_WEBHOOK_JOURNAL", APP: "OIMS_DATABASE_URL", LEDGER: "OIMS_STATE_DIR"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be typed."""
    parser.add_argument(
        "--cluster", action="store_true", help="look at the release on the cluster instead, as kubectl would"
    )
    parser.add_argument("--release", metavar="name", help="with --cluster; default: OIMS_RELEASE, or oims")
    parser.add_argument(
        "--namespace",
        metavar="name",
        help="with --cluster; default: OIMS_NAMESPACE, or incident-mgmt",
    )
    for name, words in (
        (JOURNAL, "the webhook's journal"),
        (APP, "the app's database"),
        (LEDGER, "the automation's ledger.db, or its folder"),
    ):
        parser.add_argument(
            f"--{name}", metavar="place", help=f"{words}: a file or an address; default: {VARIABLES[name]}"
        )
    parser.add_argument("--log", type=Path, metavar="file", help="what the webhook has printed")
    parser.add_argument(
        "--event-key-file", type=Path, metavar="file", help="the key of the signatures in --log"
    )
    parser.add_argument(
        "--at-rest",
        action="store_true",
        help="nothing may be under way: no run, no report, no undecided alert",
    )


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Check every invariant that the given databases allow; return the exit status.

    Raises:
        CommandError: nothing was given, or something can't be read.

    """
    if options.cluster:
        try:
            from cli.doctor import cluster  # noqa: PLC0415 - Kubernetes' client takes longer to load than all else
        except ImportError:
            sentence = (
                "the cluster is read with Kubernetes' client, which this Python lacks; run `make setup`."
            )
            raise CommandError(sentence, USAGE) from None

        return cluster.run(
            options.release or environment.get("OIMS_RELEASE", "oims"),
            options.namespace or environment.get("OIMS_NAMESPACE", "incident-mgmt"),
            as_json=options.json,
        )
    installation = _open(options, environment)
    try:
        given = installation.given()
        found = [(one, one.check(installation) if one.needs <= given else None) for one in INVARIANTS]
    finally:
        for database in installation.databases.values():
            database.close()
    if options.json:
        print_json(_document(found))
    else:
        for line in _lines(found, given):
            print_line(line)
    return REFUSED if any(tally and tally.wrong for _, tally in found) else 0


def _open(options: argparse.Namespace, environment: Mapping[str, str]) -> Installation:
    places = {name: getattr(options, name) or environment.get(VARIABLES[name], "") for name in OPENED}
    if not any(places.values()):
        raise CommandError("name at least one of --journal, --app and --ledger.", USAGE)
    if places[LEDGER] and Path(places[LEDGER]).is_dir():
        places[LEDGER] = str(Path(places[LEDGER]) / "ledger.db")
    for path in filter(None, (options.log, options.event_key_file)):
        if not path.is_file():
            raise CommandError(f"there is no file {path}.", USAGE)
    key = options.event_key_file.read_bytes().strip() if options.event_key_file else None
    databases = {name: open_database(name, place) for name, place in places.items() if place}
    return Installation(databases, options.log, key, options.at_rest)


def _lines(found: list[tuple[Invariant, Tally | None]], given: frozenset[str]) -> Iterator[str]:
    for one, tally in found:
        if tally is None:
            yield f"-       {one.name:20} not checked: needs {', '.join(sorted(one.needs - given))}"
        elif not tally.wrong:
            under_way = f", {tally.in_flight:,} in flight" if tally.in_flight else ""
            yield f"ok      {one.name:20} {one.statement} ({tally.checked:,} checked{under_way})"
        else:
            yield f"FAILED  {one.name:20} {one.statement} ({tally.wrong:,} wrong of {tally.checked:,})"
            yield from (f"        {clean(sentence)}" for sentence in tally.first)
            yield f"        To do: {one.advice}"
    failed = [one.name for one, tally in found if tally and tally.wrong]
    yield (
        f"{len(failed)} invariants do not hold: {', '.join(failed)}"
        if failed
        else "Every invariant checked holds."
    )


def _document(found: list[tuple[Invariant, Tally | None]]) -> dict[str, Any]:
    return {
        "ok": not any(tally and tally.wrong for _, tally in found),
        "invariants": [
            {"name": one.name, "statement": one.statement, "result": "not_checked"}
            if tally is None
            else {
                "name": one.name,
                "statement": one.statement,
                "result": "failed" if tally.wrong else "ok",
                "checked": tally.checked,
                "in_flight": tally.in_flight,
                "wrong": tally.wrong,
                "first": tally.first,
                "advice": one.advice if tally.wrong else None,
            }
            for one, tally in found
        ],
    }
