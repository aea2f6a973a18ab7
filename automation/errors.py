"""Errors that end a command, each with the sentence and the exit status a person gets."""


class AutomationError(Exception):
    """A command cannot go on; its text is written for the operator."""

    exit_status = 1


class ConfigurationError(AutomationError):
    """A setting, the policy or a folder is wrong; nothing was started."""

    exit_status = 2


class AlreadyRunningError(AutomationError):
    """Another follower holds the lock of this state directory."""

    exit_status = 3


class JournalUnreachableError(AutomationError):
    """The journal did not answer, and the command cannot do without it."""

    exit_status = 4
