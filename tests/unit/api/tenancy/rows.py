"""One row for each call of the table: who may make it on what belongs to the organization `own`.

Written by hand, not derived from the table's own words about access: this is what they are held to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runcast_core.model.credentials import CredentialKind
from tests.parts.tenants import MARKER, OWN, OWN_USERS, PASSWORD, WORTHLESS, Caller, credential_id

WORKERS = (Caller.WORKER, Caller.OTHER_WORKER)
READERS = (*OWN_USERS, Caller.KEY)
WRITERS = (Caller.ADMIN, Caller.DEVELOPER, Caller.KEY)
ADMINS = (Caller.ADMIN,)


@dataclass(frozen=True)
class Row:
    """A call as every caller makes it, and the status that each is answered with: `success` for `may`, `others` for
    another organization's callers of the rights that it takes, and 403 or 401 for whom it is not."""

    method: str
    path: str
    may: tuple[Caller, ...]
    success: int
    others: Mapping[Caller, int]
    body: Mapping[str, Any] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    """What stands for the names in the path."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[Caller, int] = field(default_factory=dict)
    """What is answered otherwise than the rule says."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def url(self) -> str:
        url = self.path
        for name, value in self.names.items():
            url = url.replace(f"{{{name}}}", value)
        return url + self.query

    def status(self, caller: Caller) -> int:
        """Return what the caller is to be answered with."""
        if caller in self.refused:
            return self.refused[caller]
        if caller in self.may:
            return self.success
        if caller in self.others:
            return self.others[caller]
        return 401 if caller in WORTHLESS or caller in WORKERS else 403


def _both(status: int) -> dict[Caller, int]:
    return {Caller.OTHER_ADMIN: status, Caller.OTHER_KEY: status}


def _of_one(method: str, end: str, may: tuple[Caller, ...], success: int, task_id: str, **more: Any) -> Row:
    """Return the row of a call on one execution: another organization's is not found."""
    names = {"taskId": task_id}
    return Row(method, f"/api/executions/{{taskId}}{end}", may, success, _both(404), names=names, **more)


def _public(method: str, path: str, success: int, body: Mapping[str, Any] | None = None, **more: Any) -> Row:
    """Return the row of a call that looks at no credential of these."""
    return Row(method, path, tuple(Caller), success, {}, body, **more)


def _person(method: str, path: str, success: int, *body: Mapping[str, Any]) -> Row:
    """Return the row of what people do for themselves, and no key does."""
    return Row(method, path, OWN_USERS, success, {Caller.OTHER_ADMIN: success}, *body)


def _managed(method: str, path: str, success: int, *body: Mapping[str, Any], others: int = 404, **names: str) -> Row:
    """Return the row of what an admin who logged in may do, and no key; to another organization it is not found."""
    return Row(method, path, ADMINS, success, {Caller.OTHER_ADMIN: others}, *body, names=names)


def _own_session(method: str, success: int) -> Row:
    """Return the row of a call on a session, which is another's already within the organization."""
    colleagues = {Caller.DEVELOPER: 404, Caller.VIEWER: 404}
    row = _managed(method, "/api/auth/sessions/{sessionId}", success, sessionId=f"{OWN}-admin-session")
    return replace(row, refused=colleagues)


_REPORT = {"organizationId": OWN, "taskId": "reported"}
_NOT_A_WORKER = {caller: 403 for caller in Caller if caller is not Caller.WORKER}
_ACCOUNT = {"name": "A", "email": "new@example.com", "password": "quite a long password"}
_NEW = "quite another password"
_PAGE = {"X-Runcast": "1", "Sec-Fetch-Site": "same-origin"}
_VIEWER = f"{OWN}-viewer"
_INVITATION = credential_id(OWN, CredentialKind.INVITATION)
_KEY = credential_id(OWN, CredentialKind.API_KEY)

ROWS = (
    _public("GET", "/api/config", 200),
    _public("POST", "/api/auth/signup", 201, _ACCOUNT | {"organizationName": "O"}),
    _public("POST", "/api/auth/login", 401, {"email": f"admin-{OWN}@{MARKER}.example", "password": "wrong"}),
    _public("POST", "/api/auth/refresh", 401, headers=_PAGE),
    _public("DELETE", "/api/auth/session", 401, headers=_PAGE),
    _public("POST", "/api/auth/password-reset", 404, {"token": f"rcp_{'x' * 43}", "password": _NEW}),
    _public("POST", "/api/invitations/accept", 404, _ACCOUNT | {"token": f"rci_{'x' * 43}"}),
    Row("GET", "/api/auth/me", READERS, 200, _both(200)),
    _person("PUT", "/api/auth/password", 200, {"oldPassword": PASSWORD, "newPassword": _NEW}),
    _person("GET", "/api/auth/sessions", 200),
    _person("DELETE", "/api/auth/sessions", 204),
    _own_session("GET", 200),
    _own_session("DELETE", 204),
    Row("GET", "/api/users", READERS, 200, _both(200)),
    _managed("POST", "/api/users", 201, _ACCOUNT | {"role": "viewer"}, others=201),
    _managed("PATCH", "/api/users/{userId}", 200, {"role": "developer"}, userId=_VIEWER),
    _managed("POST", "/api/users/{userId}/password-reset", 201, userId=_VIEWER),
    _managed("DELETE", "/api/users/{userId}/sessions", 204, userId=_VIEWER),
    _managed("DELETE", "/api/users/{userId}", 204, userId=_VIEWER),
    _managed("GET", "/api/invitations", 200, others=200),
    _managed("POST", "/api/invitations", 201, {"role": "viewer"}, others=201),
    _managed("DELETE", "/api/invitations/{invitationId}", 204, invitationId=_INVITATION),
    _managed("GET", "/api/keys", 200, others=200),
    _managed("POST", "/api/keys", 201, {"name": "new", "kind": "api-key", "role": "viewer"}, others=201),
    _managed("DELETE", "/api/keys/{keyId}", 204, keyId=_KEY),
    Row("GET", "/api/organization", READERS, 200, _both(200)),
    Row("PATCH", "/api/organization", ADMINS, 200, _both(200), {"name": "renamed"}),
    Row("GET", "/api/presence", READERS, 200, _both(200)),
    Row("POST", "/api/execution-request", WRITERS, 202, _both(202), {"image": "busybox", "taskId": "new"}),
    Row("GET", "/api/executions", READERS, 200, _both(200)),
    _of_one("GET", "", READERS, 200, "waiting"),
    _of_one("GET", "/logs", READERS, 200, "reported"),
    _of_one("GET", "/logs/index", READERS, 200, "reported"),
    _of_one("POST", "/cancel", WRITERS, 202, "waiting"),
    _of_one("POST", "/rerun", WRITERS, 202, "ended", body={"taskId": "again"}),
    _of_one("DELETE", "", WRITERS, 204, "ended"),
    Row("GET", "/api/activity", READERS, 200, _both(200)),
    Row("GET", "/api/images", READERS, 200, _both(200)),
    Row("GET", "/api/images/history", READERS, 200, _both(200), query="?image=busybox"),
    Row("POST", "/executions/update", (Caller.WORKER,), 200, _NOT_A_WORKER, _REPORT | {"status": "FAILED"}),
    Row("POST", "/executions/log", (Caller.WORKER,), 200, _NOT_A_WORKER, _REPORT | {"log": "a line"}),
)
