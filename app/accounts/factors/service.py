"""The use cases of second factors: add, remove, prove, reset. Each change is audited and mailed."""

from collections.abc import Sequence

from flask import current_app
from sqlalchemy import delete, func, select

from app.accounts import sessions, throttle
from app.accounts.factors import passkeys, recovery, totp
from app.accounts.factors.challenges import Purpose
from app.clock import now
from app.config import Settings
from app.database import transaction
from app.errors import InvalidInput, NotFound, Unauthorized
from app.extensions import db
from app.notify import account_mails
from app.records import audit
from app.records.account_entries import (
    AccountEntry,
    FactorAdded,
    FactorRemoved,
    FactorsReset,
    Login,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    SecondStep,
    SecondStepFailed,
)
from app.records.accounts import User
from app.records.actors import Actor
from app.records.factors import Factor, FactorKind, PendingLogIn, RecoveryCode
from app.text import entered

MAX_FACTORS = 10
MAX_NAME = 80
WRONG = "This code doesn't fit, or was used already."


def of(user_id: int) -> Sequence[Factor]:
    """Return a person's factors, oldest first."""
    return db.session.scalars(select(Factor).where(Factor.user_id == user_id).order_by(Factor.id)).all()


def has_any(user_id: int) -> bool:
    """Say whether a person has a second factor."""
    return db.session.scalar(select(Factor.id).where(Factor.user_id == user_id).limit(1)) is not None


def is_required(user: User, settings: Settings) -> bool:
    """Say whether the person's role must log in with a second factor."""
    return user.role.value in settings.second_factor_roles


def add_app(user_id: int, *, sealed: str, code: str, name: str) -> list[str]:
    """Add an authenticator app that shows the right code; return recovery codes with the first factor.

    Raises:
        InvalidInput: the code doesn't fit, the name is empty, or there are too many factors.

    """
    step = totp.confirmed(totp.secret_of(sealed, user_id), code)
    factor = Factor(kind=FactorKind.APP, secret=sealed, last_step=step)
    return _add(user_id, factor, name)


def add_passkey(user_id: int, *, answer: str, name: str) -> list[str]:
    """Add the passkey that the browser has made; return recovery codes with the first factor.

    Raises:
        InvalidInput: the answer proves nothing, the name is empty, or there are too many factors.

    """
    made = passkeys.read_new(db.session.get_one(User, user_id), answer)
    return _add(user_id, passkeys.factor(made), name)


def remove(user_id: int, factor_id: int, *, settings: Settings) -> None:
    """Remove a factor; with the last one the recovery codes go too.

    Raises:
        NotFound: the person has no such factor.
        InvalidInput: it is the last one, and the role needs one.

    """
    with transaction():
        user = _locked(user_id)
        factors = of(user_id)
        found = next((factor for factor in factors if factor.id == factor_id), None)
        if found is None:
            raise NotFound("There is no such second factor.")
        if len(factors) == 1 and is_required(user, settings):
            raise InvalidInput("Your role needs a second factor. Add another one, then remove this one.")
        db.session.delete(found)
        if len(factors) == 1:
            db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        _record(
            user,
            Actor.person(user),
            FactorRemoved,
            f"{_noun(found)} “{found.name}” was removed.",
        )


def renew_codes(user_id: int) -> list[str]:
    """Return new recovery codes; the old ones are worth nothing any more.

    Raises:
        InvalidInput: there is no factor that they could stand in for.

    """
    with transaction():
        user = _locked(user_id)
        if not has_any(user_id):
            raise InvalidInput("Add an authenticator app or a passkey first.")
        codes = recovery.make(user_id)
        said = "New recovery codes were made; the old ones are void."
        _record(user, Actor.person(user), RecoveryCodesMade, said)
    return codes


def reset(user_id: int, *, by: Actor) -> User:
    """Remove all factors of a person who has lost them, and end all sessions; the next log-in needs none."""
    with transaction():
        user = _locked(user_id)
        forget(user.id)
        sessions.sign_out_everywhere(user.id)
        sentence = "All second factors and recovery codes were removed by an administrator."
        _record(user, by, FactorsReset, sentence)
    return user


def forget(user_id: int) -> None:
    """Delete all factors, recovery codes and half-finished log-ins; call it inside a transaction."""
    for table in (Factor, RecoveryCode, PendingLogIn):
        db.session.execute(delete(table).where(table.user_id == user_id))


def prove(user: User, *, code: str = "", answer: str = "", address: str) -> None:
    """Prove a second factor: by a code of an app, a recovery code, or a passkey's answer.

    Raises:
        TooManyAttempts: too many wrong ones for this account or from this address.
        Unauthorized: it proves nothing.

    """
    brakes = throttle.second_step(user.id, address)
    throttle.take(throttle.Door.SECOND_STEP, *brakes)
    try:
        how = _by_passkey(user, answer) if answer else _by_code(user, code)
    except InvalidInput as error:
        with transaction():
            failed = SecondStepFailed(user_id=user.id, address=address)
            audit.record(failed, Actor.person(user), f"The second step of {user.email} failed.")
        raise Unauthorized(error.detail) from None
    throttle.give_back(*brakes)
    with transaction():
        audit.record(
            SecondStep(user_id=user.id, address=address),
            Actor.person(user),
            f"{user.email} proved a second factor: {how}.",
        )


def authenticate(answer: str, *, address: str) -> User:
    """Return the person whose passkey signed this, without a password before it.

    Raises:
        TooManyAttempts: too many wrong ones from this address.
        Unauthorized: it proves nothing, or the account is not active.

    """
    brake = (throttle.PER_NETWORK, throttle.network(address))
    throttle.take(throttle.Door.LOGIN, brake)
    try:
        factor = passkeys.take(Purpose.LOG_IN, None, answer)
    except InvalidInput as error:
        raise Unauthorized(error.detail) from None
    throttle.give_back(brake)
    with transaction():
        user = _locked(factor.user_id)
        is_enforced = current_app.config["SETTINGS"].oidc_only and not user.is_break_glass
        if not user.is_active or is_enforced:
            raise Unauthorized(passkeys.REFUSED)
        user.last_login_at = now()
        summary = f"{user.email} logged in by passkey “{factor.name}”."
        audit.record(Login(user_id=user.id, address=address), Actor.person(user), summary)
    return user


def _by_passkey(user: User, answer: str) -> str:
    factor = passkeys.take(Purpose.STEP, user.id, answer)
    return f"passkey “{factor.name}”"


def _by_code(user: User, code: str) -> str:
    code = "".join(code.split())
    app = totp.take(user.id, code)
    if app is not None:
        return f"authenticator app “{app.name}”"
    with transaction():
        if not recovery.take(user.id, code):
            raise InvalidInput(WRONG)
        left = recovery.left(user.id)
        _record(
            user,
            Actor.person(user),
            RecoveryCodeUsed,
            f"A recovery code was used; {left} are left.",
        )
    return "recovery code"


def _add(user_id: int, factor: Factor, name: str) -> list[str]:
    factor.name = entered("name", " ".join(name.split()), MAX_NAME, required=True)
    with transaction():
        user = _locked(user_id)
        count = db.session.scalar(select(func.count()).where(Factor.user_id == user_id)) or 0
        if count >= MAX_FACTORS:
            raise InvalidInput(f"You have {MAX_FACTORS} already. Remove one that you no longer use.")
        if factor.credential_id and db.session.scalar(
            select(Factor.id).where(Factor.credential_id == factor.credential_id)
        ):
            raise InvalidInput("This passkey is known already.")
        factor.user_id = user_id
        db.session.add(factor)
        _record(
            user,
            Actor.person(user),
            FactorAdded,
            f"{_noun(factor)} “{factor.name}” was added.",
        )
        if count:
            return []
        # Whoever is logged in elsewhere has not proved the factor: they log in again, with it.
        sessions.sign_out_everywhere(user_id)
        return recovery.make(user_id)


def _locked(user_id: int) -> User:
    """Return the person, with a lock: two changes of one person's factors happen one after the other."""
    return db.session.get_one(User, user_id, with_for_update=True, populate_existing=True)


def _noun(factor: Factor) -> str:
    return "The passkey" if factor.kind is FactorKind.PASSKEY else "The authenticator app"


def _record(user: User, by: Actor, entry: type[AccountEntry], sentence: str) -> None:
    audit.record(entry(user_id=user.id), by, f"Two-step sign-in of {user.email}: {sentence}")
    account_mails.factors_changed(user, sentence)
