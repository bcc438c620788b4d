"""What organization and task ids may look like, and every key, channel and room name built from them.

Only this package builds such names: the organization is always an argument and is checked each time, so that no id
can break out of its hash tag, its room or its path.
"""

import re
import secrets
import time

from runcast_core.model.errors import InvalidInput

CONTROL_CHANNEL = "runcast:control"
SOCKETIO_CHANNEL = "socketio"
TOLD_KEY = "runcast:told"
"""Whether everything that Redis must know was told since it was empty. No organization's: it holds for all of them."""
POOL_PATTERN = "^[A-Za-z0-9._-]{1,64}$"
"""What a pool of runners may be called."""
TASK_ID_PATTERN = "^[A-Za-z0-9._-]{1,128}$"
"""What a task id looks like; `check_task_id` has the rest."""
EVERYBODY = ""
"""The subject of a revocation of whatever stands for the organization. Other subjects are user ids, and those below."""
_SESSION, _KEY = OWN_SUBJECTS = ("session:", "key:")
"""How the subjects begin that are no user ids; no user may be called so."""

_ORGANIZATION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CREDENTIAL_ID = re.compile(r"[0-9a-f]{24}")
_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TASK_ID = re.compile(TASK_ID_PATTERN)


def new_id() -> str:
    """Return 24 hex digits: seconds since 1970, then 64 random bits (the shape of a MongoDB ObjectId)."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


def check_organization_id(value: object) -> str:
    if not isinstance(value, str) or not _ORGANIZATION_ID.fullmatch(value):
        raise InvalidInput("organizationId must be 1 to 64 letters, digits, '_' or '-'", code="INVALID_ORGANIZATION_ID")
    return value


def check_task_id(value: object) -> str:
    """Return `value` if it is a task id; `.` and `..` are refused because ids end up in paths of artifacts."""
    if not isinstance(value, str) or not _TASK_ID.fullmatch(value) or value.strip(".") == "":
        raise InvalidInput(
            "taskId must be 1 to 128 letters, digits, '.', '_' or '-', and more than dots", code="INVALID_TASK_ID"
        )
    return value


def execution_key(organization_id: str, task_id: str) -> str:
    """Return `<organizationId>/<taskId>`, unique over all organizations as neither part can hold a `/`."""
    return f"{check_organization_id(organization_id)}/{check_task_id(task_id)}"


def room(organization_id: str) -> str:
    return f"org:{check_organization_id(organization_id)}"


def events_channel(organization_id: str) -> str:
    """Return the live channel. The braces are a hash tag: an organization is one slot of a cluster."""
    return f"runcast:{{{check_organization_id(organization_id)}}}:events"


def journal_key(organization_id: str) -> str:
    return f"runcast:{{{check_organization_id(organization_id)}}}:journal"


def revoked_key(organization_id: str) -> str:
    return f"runcast:{{{check_organization_id(organization_id)}}}:revoked"


def presence_key(organization_id: str) -> str:
    return f"runcast:{{{check_organization_id(organization_id)}}}:presence"


def known_key_key(credential_id: str) -> str:
    """Return where an API key is known. Of no organization, as who looks for one does not know it yet."""
    if not _CREDENTIAL_ID.fullmatch(credential_id):
        raise InvalidInput("a credential's id is 24 hexadecimal digits", code="INVALID_CREDENTIAL_ID")
    return f"runcast:{{key:{credential_id}}}"


def revocation_key(organization_id: str, subject: str) -> str:
    """Return `<organizationId>/<subject>`; a provider's user ids may hold a `/`, an organization's cannot."""
    return f"{check_organization_id(organization_id)}/{subject}"


def check_session_id(value: object) -> str:
    if not isinstance(value, str) or not _SESSION_ID.fullmatch(value):
        raise InvalidInput("a session id must be 1 to 64 letters, digits, '_' or '-'", code="INVALID_SESSION_ID")
    return value


def session_subject(session_id: str) -> str:
    """Return the subject under which the tokens of one session are revoked."""
    return f"{_SESSION}{check_session_id(session_id)}"


def key_subject(credential_id: str) -> str:
    """Return what an API key is known as wherever a user is: who requested, who is connected, what is revoked."""
    return f"{_KEY}{credential_id}"


def key_of(subject: str) -> str | None:
    """Return the credential of what `key_subject` made; None for what is no key's."""
    return subject.removeprefix(_KEY) if subject.startswith(_KEY) else None
