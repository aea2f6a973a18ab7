"""The command line of the incident app: start its parts, migrate, and look after users, tokens and mails."""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app import demo_data, logs, provision, worker, wsgi
from app.accounts import password_login, service, tokens
from app.accounts.factors import service as factors
from app.clock import now
from app.config import Settings, SettingsError, load
from app.errors import OimsError
from app.extensions import db
from app.factory import create_app
from app.notify import outbox
from app.ops import backup
from app.records.accounts import Role, Scope, UserStatus
from app.records.actors import COMMAND_LINE
from contract.moments import rfc3339
from serving import BindError, CertificateError

type Command = Callable[[Flask, argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 1 when it failed, 2 when the settings or the arguments are wrong."""
    options = _parser().parse_args(arguments)
    try:
        settings = load()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # A backup goes to stdout, which then belongs to it alone.
    logs.configure(settings.log_level, sys.stderr if options.command == "backup" else sys.stdout)
    if options.command == "web":
        return _serve(settings)
    return _with_app(settings, options)


def _serve(settings: Settings) -> int:
    try:
        wsgi.run(settings)
    except (BindError, CertificateError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _with_app(settings: Settings, options: argparse.Namespace) -> int:
    app = create_app(settings)
    if options.command == "worker":
        worker.run(app, settings)
        return 0
    run: Command = options.run
    try:
        with app.app_context():
            run(app, options)
    except OimsError as error:
        return _fail(error.detail)
    except SQLAlchemyError as error:
        return _fail(
            f"The database can't be used ({type(error).__name__}). Check OIMS_DATABASE_URL, run migrate."
        )
    finally:
        with app.app_context():
            db.engine.dispose()
    return 0


def _fail(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    commands.add_parser("web", help="serve pages and API")
    commands.add_parser("worker", help="take in alerts and send mails")
    migrate = commands.add_parser("migrate", help="bring the database to this version; safe to repeat")
    migrate.set_defaults(run=_migrate)
    save = commands.add_parser("backup", help="write a copy of the SQLite database to stdout, at any time")
    save.set_defaults(run=_back_up)
    restore = commands.add_parser("restore", help="put a backup from stdin in the place of all that there is")
    restore.set_defaults(run=_restore)
    demo = commands.add_parser("demo-data", help="fill an empty database with made-up incidents")
    demo.add_argument("--incidents", type=int, default=500)
    demo.add_argument("--seed", type=int, default=1)
    demo.set_defaults(run=_make_demo_data)
    _add_user_commands(commands.add_parser("user", help="make and change accounts"))
    _add_token_commands(commands.add_parser("token", help="make and revoke API tokens"))
    _add_mail_commands(commands.add_parser("mail", help="see and retry mails that could not be delivered"))
    return parser


def _add_user_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True, metavar="action")
    create = commands.add_parser(
        "create", help="make an account; the password is asked for, or read from stdin"
    )
    create.add_argument("email")
    create.add_argument("--name", required=True)
    create.add_argument("--role", choices=[*Role], default=Role.RESPONDER, type=Role)
    create.set_defaults(run=_create_user)
    password = commands.add_parser(
        "password", help="set a password; it is asked for, or read from stdin; all sessions end"
    )
    password.add_argument("email")
    password.add_argument(
        "--break-glass", action="store_true", help="let it log in although single sign-on is enforced"
    )
    password.set_defaults(run=_set_password)
    role = commands.add_parser("role", help="give an account another role")
    role.add_argument("email")
    role.add_argument("role", choices=[*Role], type=Role)
    role.set_defaults(run=_change_role)

    reset = commands.add_parser(
        "reset-factors", help="remove all second factors of somebody who has lost them; all sessions end"
    )
    reset.add_argument("email")
    reset.set_defaults(run=_reset_factors)


def _add_token_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True, metavar="action")
    create = commands.add_parser("create", help="make a token; it is printed once")
    create.add_argument("name")
    create.add_argument("--scope", choices=[*Scope], action="append", required=True, type=Scope)
    create.add_argument("--days", type=int, help="days until it expires; without it, never")
    create.set_defaults(run=_create_token)
    show = commands.add_parser("list", help="show all tokens")
    show.set_defaults(run=_list_tokens)
    revoke = commands.add_parser("revoke", help="switch a token off")
    revoke.add_argument("name")
    revoke.set_defaults(run=_revoke_token)


def _add_mail_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", required=True, metavar="action")
    show = commands.add_parser("list", help="show undelivered mails")
    show.set_defaults(run=_list_mails)
    retry = commands.add_parser("retry", help="send undelivered mails again: all, or one")
    retry.add_argument("id", type=int, nargs="?")
    retry.set_defaults(run=_retry_mails)


def _migrate(app: Flask, _options: argparse.Namespace) -> None:
    provision.migrate(app.config["SETTINGS"])


def _back_up(_app: Flask, _options: argparse.Namespace) -> None:
    backup.write(sys.stdout.buffer)


def _restore(app: Flask, _options: argparse.Namespace) -> None:
    backup.read(sys.stdin.buffer)
    provision.migrate(app.config["SETTINGS"])
    _print("The backup is restored; restart web and worker.")


def _make_demo_data(_app: Flask, options: argparse.Namespace) -> None:
    demo_data.make(options.incidents, seed=options.seed)
    _print(f"{options.incidents:,} incidents are there.")


def _asked_password() -> str:
    return getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _create_user(_app: Flask, options: argparse.Namespace) -> None:
    user = service.register(
        email=options.email,
        name=options.name,
        password=_asked_password(),
        status=UserStatus.ACTIVE,
        role=options.role,
    )
    _print(f"{user.email} can log in as {user.role}.")


def _set_password(_app: Flask, options: argparse.Namespace) -> None:
    user = service.known(options.email)
    password_login.set_password(user, _asked_password(), by=COMMAND_LINE, is_break_glass=options.break_glass)
    _print(f"{user.email} has a new password.")


def _change_role(_app: Flask, options: argparse.Namespace) -> None:
    user = service.change_role(service.known(options.email).id, role=options.role, by=COMMAND_LINE)
    _print(f"{user.email} is {user.role} now.")


def _reset_factors(_app: Flask, options: argparse.Namespace) -> None:
    user = factors.reset(service.known(options.email).id, by=COMMAND_LINE)
    _print(f"{user.email} has no second factor now.")


def _create_token(_app: Flask, options: argparse.Namespace) -> None:
    expires_at = now() + timedelta(days=options.days) if options.days else None
    made = tokens.create(name=options.name, scopes=options.scope, by=COMMAND_LINE, expires_at=expires_at)
    _print(made.secret)


def _list_tokens(_app: Flask, _options: argparse.Namespace) -> None:
    for token in tokens.all_tokens():
        state = "revoked" if token.revoked_at else "active"
        used = rfc3339(token.last_used_at) if token.last_used_at else "never used"
        _print(f"{token.name:30} {token.prefix}… {','.join(token.scopes):20} {state:8} {used}")


def _revoke_token(_app: Flask, options: argparse.Namespace) -> None:
    _print(f"{tokens.revoke(options.name, by=COMMAND_LINE).name} is revoked.")


def _list_mails(_app: Flask, _options: argparse.Namespace) -> None:
    for message in outbox.dead():
        _print(f"{message.id:6} {rfc3339(message.created_at)} {message.recipient:30} {message.last_error}")


def _retry_mails(_app: Flask, options: argparse.Namespace) -> None:
    ids = [options.id] if options.id else [message.id for message in outbox.dead()]
    for message_id in ids:
        outbox.retry(message_id, actor=COMMAND_LINE)
    _print(f"{len(ids)} mails are tried again.")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
