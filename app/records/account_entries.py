"""What entries of the audit trail tell of accounts: one class for each kind."""

from dataclasses import dataclass

from app.records.audit_kinds import AuditEntry, AuditKind


@dataclass(frozen=True, kw_only=True)
class AccountEntry(AuditEntry):
    """What concerns one account."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class _FromAnAddress(AuditEntry):
    """What somebody did who has not proved who they are; ``account`` is a hash of what they typed."""

    account: str
    address: str


@dataclass(frozen=True, kw_only=True)
class _OfALogIn(AccountEntry):
    """What belongs to the log-in of an account, and from where."""

    address: str


@dataclass(frozen=True, kw_only=True)
class Invited(AuditEntry):
    """A person was invited."""

    kind = AuditKind.INVITED


@dataclass(frozen=True, kw_only=True)
class InvitationWithdrawn(AuditEntry):
    """An invitation was withdrawn."""

    kind = AuditKind.INVITATION_WITHDRAWN


@dataclass(frozen=True, kw_only=True)
class RegistrationAsked(_FromAnAddress):
    """Somebody asked for an account."""

    kind = AuditKind.REGISTRATION_ASKED


@dataclass(frozen=True, kw_only=True)
class UserCreated(AccountEntry):
    """An account was made."""

    kind = AuditKind.USER_CREATED


@dataclass(frozen=True, kw_only=True)
class UserRenamed(AccountEntry):
    """An account has another name."""

    kind = AuditKind.USER_RENAMED


@dataclass(frozen=True, kw_only=True)
class RoleChanged(AccountEntry):
    """An account has another role."""

    kind = AuditKind.ROLE_CHANGED


@dataclass(frozen=True, kw_only=True)
class StatusChanged(AccountEntry):
    """An account was approved, switched off or on."""

    kind = AuditKind.STATUS_CHANGED


@dataclass(frozen=True, kw_only=True)
class AccountLinked(AccountEntry):
    """An account was linked to an identity of the single sign-on provider."""

    kind = AuditKind.ACCOUNT_LINKED


@dataclass(frozen=True, kw_only=True)
class Login(_OfALogIn):
    """A person logged in."""

    kind = AuditKind.LOGIN


@dataclass(frozen=True, kw_only=True)
class LoginFailed(_FromAnAddress):
    """A log-in was refused."""

    kind = AuditKind.LOGIN_FAILED


@dataclass(frozen=True, kw_only=True)
class Logout(AccountEntry):
    """A person logged out."""

    kind = AuditKind.LOGOUT


@dataclass(frozen=True, kw_only=True)
class SignedOut(AccountEntry):
    """All sessions of an account were ended."""

    kind = AuditKind.SIGNED_OUT


@dataclass(frozen=True, kw_only=True)
class SecondStep(_OfALogIn):
    """A person proved a second factor."""

    kind = AuditKind.SECOND_STEP


@dataclass(frozen=True, kw_only=True)
class SecondStepFailed(_OfALogIn):
    """A second factor was refused."""

    kind = AuditKind.SECOND_STEP_FAILED


@dataclass(frozen=True, kw_only=True)
class AttemptsRefused(AuditEntry):
    """A brake refused further attempts."""

    kind = AuditKind.ATTEMPTS_REFUSED
    door: str
    brake: str
    bucket: str


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(AccountEntry):
    """A password was changed."""

    kind = AuditKind.PASSWORD_CHANGED


@dataclass(frozen=True, kw_only=True)
class PasswordResetAsked(AuditEntry):
    """Somebody asked for a new password; ``user_id`` is the account, where there is one."""

    kind = AuditKind.PASSWORD_RESET_ASKED
    account: str
    user_id: int | None


@dataclass(frozen=True, kw_only=True)
class FactorAdded(AccountEntry):
    """A person added a second factor."""

    kind = AuditKind.FACTOR_ADDED


@dataclass(frozen=True, kw_only=True)
class FactorRemoved(AccountEntry):
    """A person removed a second factor."""

    kind = AuditKind.FACTOR_REMOVED


@dataclass(frozen=True, kw_only=True)
class FactorsReset(AccountEntry):
    """An administrator removed the second factors of an account."""

    kind = AuditKind.FACTORS_RESET


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(AccountEntry):
    """A person made new recovery codes."""

    kind = AuditKind.RECOVERY_CODES_MADE


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(AccountEntry):
    """A recovery code was used."""

    kind = AuditKind.RECOVERY_CODE_USED


@dataclass(frozen=True, kw_only=True)
class PasskeyRefused(AccountEntry):
    """A passkey was refused that may have been copied."""

    kind = AuditKind.PASSKEY_REFUSED
    factor: int


@dataclass(frozen=True, kw_only=True)
class TokenCreated(AuditEntry):
    """An API token was made."""

    kind = AuditKind.TOKEN_CREATED
    token: int
    scopes: list[str]


@dataclass(frozen=True, kw_only=True)
class TokenKept(AuditEntry):
    """An API token was set from the settings."""

    kind = AuditKind.TOKEN_KEPT


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(AuditEntry):
    """An API token was revoked."""

    kind = AuditKind.TOKEN_REVOKED
    token: int


@dataclass(frozen=True, kw_only=True)
class MailsChosen(AccountEntry):
    """A person chose which mails they want."""

    kind = AuditKind.MAILS_CHOSEN
