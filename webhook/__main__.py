"""``python -m webhook``: check the settings, then serve."""

import argparse
import os
import sys

from serving import BindError, CertificateError
from webhook import config, logs, wsgi
from webhook.alertmanager import AlertmanagerError, look, suppressed


def main() -> int:
    """Exit status 0 after a normal end, 2 when a setting is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m webhook", description="Receive alerts from Alertmanager."
    )
    parser.add_argument(
        "--check", action="store_true", help="check the settings, ask Alertmanager if one is set, then exit"
    )
    arguments = parser.parse_args()
    os.umask(0o077)
    try:
        settings = config.load()
        config.prepare_journal(settings)
    except config.SettingsError as error:
        sys.stderr.write(f"The webhook can't start:\n{error}\n")
        return 2
    if arguments.check:
        return _check(settings)
    logs.configure(settings.log_level)
    try:
        wsgi.run(settings)
    except (BindError, CertificateError) as error:
        sys.stderr.write(f"The webhook can't start:\n{error}\n")
        return 2
    return 0


def _check(settings: config.Settings) -> int:
    """Exit status 0 if each Alertmanager that is set answers as it will be asked, else 2."""
    failed = False
    for server in settings.alertmanagers:
        try:
            seen = look(server, settings.ca_file)
            suppressed(server, settings.ca_file)
        except AlertmanagerError as error:
            failed = True
            sys.stderr.write(f"OIMS_ALERTMANAGER_URL: Alertmanager can't be asked at {server.url}: {error}\n")
        else:
            sys.stderr.write(f"Alertmanager answers at {server.url}; it has {len(seen.alerts)} alerts.\n")
    if failed:
        return 2
    sys.stderr.write("The settings are right.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
