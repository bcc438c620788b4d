"""Every error of Runcast's own. The edges map a `code` to an HTTP status or a refused socket, once.

RuncastError
 ├─ SettingError        a setting is missing or wrong; the service does not start
 ├─ InvalidInput        a request or an identifier that can never succeed as it is
 ├─ InvalidToken        a credential that does not verify or is expired
 ├─ NotFound            nothing there that this organization can see
 ├─ Conflict            the state in the store does not allow it
 ├─ LeaseLost           the execution is no longer this runner's, or has ended
 ├─ SecretsUnreadable   sealed values do not open with the keys of this service
 ├─ ExecutorError       the container could not be run; becomes the execution's `ERROR`
 ├─ KeysUnavailable     temporary: the identity provider did not tell its keys
 ├─ StoreUnavailable    temporary: the store did not answer
 └─ BusUnavailable      temporary: Redis did not answer; the publish may or may not have happened
"""


class RuncastError(Exception):
    """The base of all: a constant `code` for programs, a text for people, and whether a retry can help."""

    code = "INTERNAL"
    temporary = False

    def __init__(self, message: str, *, code: str | None = None, details: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        if code is not None:
            self.code = code


class SettingError(RuncastError):
    """A setting is missing or wrong. The message names the variable and never repeats a secret's value."""

    code = "INVALID_SETTING"


class InvalidInput(RuncastError):
    """A request or an identifier that can never succeed as it is."""

    code = "INVALID_INPUT"


class InvalidToken(RuncastError):
    """A credential that does not verify, is expired, or belongs to a deleted organization."""

    code = "INVALID_TOKEN"


class NotFound(RuncastError):
    """Nothing there that this organization can see; another organization's object is the same as none."""

    code = "NOT_FOUND"


class Conflict(RuncastError):
    """The state in the store does not allow it."""

    code = "CONFLICT"


class LeaseLost(RuncastError):
    """A fenced write matched nothing: the execution has ended or belongs to another attempt. Stop its container."""

    code = "LEASE_LOST"


class SecretsUnreadable(RuncastError):
    """A sealed value does not open: no key, another one, or another organization, task or place than it was sealed
    for. The message becomes the execution's `error`, and never tells a value."""

    code = "SECRETS_UNREADABLE"

    def __init__(self) -> None:
        super().__init__("its secrets cannot be read: RUNCAST_SECRETS_KEY is not set, or changed")


class ExecutorError(RuncastError):
    """The container could not be run, or its end is unknown. The message becomes the execution's `error`."""

    code = "EXECUTOR_ERROR"


class KeysUnavailable(RuncastError):
    """The identity provider did not tell its keys, so whether a token is good cannot be said now."""

    code = "KEYS_UNAVAILABLE"
    temporary = True


class StoreUnavailable(RuncastError):
    """The store did not answer; nothing is known about the write."""

    code = "STORE_UNAVAILABLE"
    temporary = True


class BusUnavailable(RuncastError):
    """Redis did not answer; a publish may or may not have happened and is never retried automatically."""

    code = "BUS_UNAVAILABLE"
    temporary = True


def messages(group: BaseExceptionGroup[RuncastError]) -> list[str]:
    """Return what the errors in a group say; task groups put theirs into groups of groups."""
    nested = (messages(e) if isinstance(e, BaseExceptionGroup) else [e.message] for e in group.exceptions)
    return [message for told in nested for message in told]


def kinds(exc: BaseException) -> str:
    """Return the kind of an error, or of what a group holds; never its text, which might repeat a variable's value."""
    if isinstance(exc, BaseExceptionGroup):
        return ", ".join(map(kinds, exc.exceptions))
    return type(exc).__name__
