"""Two organizations and a deleted one in a store, all of the same make, and fourteen kinds of callers with what each
shows: what the tenancy matrices of calls and of events are filled from."""

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from argon2 import PasswordHasher

from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import PREFIXES, ApiKey, Credential, CredentialKind, PageSession, id_of, secret_hash
from runcast_core.model.executions import Execution, Status
from runcast_core.model.identifiers import EVERYBODY
from runcast_core.store.sqlite.store import SqliteStore, open_sqlite_store
from tests.parts.api import SECRET

OWN, OTHER, GONE = "own", "other", "gone"
MARKER = "only-for-own"
"""Stands in whatever the organization `own` has, and in nothing else."""
PASSWORD = "everybody has this password"
_HOUR_MS = 3_600_000


class Caller(StrEnum):
    """A kind of caller, as seen from the organization `own`."""

    ADMIN = "own admin"
    DEVELOPER = "own developer"
    VIEWER = "own viewer"
    KEY = "own API key, of a developer's role"
    WORKER = "own worker key"
    OTHER_ADMIN = "another organization's admin"
    OTHER_KEY = "another organization's API key, of an admin's role"
    OTHER_WORKER = "another organization's worker key"
    EXPIRED = "expired token of an own admin"
    REVOKED = "revoked token of an own admin"
    REMOVED = "token of a removed own admin"
    DELETED = "admin of a deleted organization"
    MALFORMED = "no token, but something"
    NONE = "nothing at all"


OWN_USERS = (Caller.ADMIN, Caller.DEVELOPER, Caller.VIEWER)
WORTHLESS = (Caller.EXPIRED, Caller.REVOKED, Caller.REMOVED, Caller.DELETED, Caller.MALFORMED, Caller.NONE)
"""Whose credentials open nothing anywhere."""


def key_secret(organization_id: str, kind: CredentialKind) -> str:
    """Return the secret that an organization's credential of that kind has here."""
    return PREFIXES[kind] + f"secret-of-{organization_id}".ljust(43, "x")


def credential_id(organization_id: str, kind: CredentialKind) -> str:
    return id_of(secret_hash(key_secret(organization_id, kind)))


def shown(caller: Caller) -> str | None:
    """Return what the caller shows as a bearer token."""
    issued = HmacTokens(SECRET).issue
    return {
        Caller.ADMIN: lambda: issued(f"{OWN}-admin", OWN, Role.ADMIN),
        Caller.DEVELOPER: lambda: issued(f"{OWN}-developer", OWN, Role.DEVELOPER),
        Caller.VIEWER: lambda: issued(f"{OWN}-viewer", OWN, Role.VIEWER),
        Caller.KEY: lambda: key_secret(OWN, CredentialKind.API_KEY),
        Caller.WORKER: lambda: key_secret(OWN, CredentialKind.WORKER_KEY),
        Caller.OTHER_ADMIN: lambda: issued(f"{OTHER}-admin", OTHER, Role.ADMIN),
        Caller.OTHER_KEY: lambda: key_secret(OTHER, CredentialKind.API_KEY),
        Caller.OTHER_WORKER: lambda: key_secret(OTHER, CredentialKind.WORKER_KEY),
        Caller.EXPIRED: lambda: HmacTokens(SECRET, lifetime_s=-5).issue(f"{OWN}-admin", OWN, Role.ADMIN),
        Caller.REVOKED: lambda: _issued_an_hour_ago(f"{OWN}-revoked"),
        Caller.REMOVED: lambda: issued(f"{OWN}-removed", OWN, Role.ADMIN),
        Caller.DELETED: lambda: issued(f"{GONE}-admin", GONE, Role.ADMIN),
        Caller.MALFORMED: lambda: "eyJhbGciOiJub25lIn0.e30.\ud7ff",
        Caller.NONE: lambda: None,
    }[caller]()


def _issued_an_hour_ago(user_id: str) -> str:
    now = int(time.time())
    claims = {"userId": user_id, "organizationId": OWN, "role": "admin", "iat": now - 3600, "exp": now + 3600}
    return jwt.encode(claims, SECRET, algorithm="HS256")


@dataclass(frozen=True)
class World:
    """A store's file that has all of it, to be copied for each look."""

    file: Path

    def copied(self, folder: Path) -> Path:
        folder.mkdir()
        shutil.copy(self.file, folder / "runcast.sqlite")
        return folder


def belongings(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return every row of the organization `own`, by table; when a credential was used last is its own business."""
    with closing(sqlite3.connect(folder / "runcast.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for table in tables:
            rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
            own = [row for row in rows if row.get("organization_id") == OWN]
            found[table] = sorted(own, key=repr)
    for credential in found["credentials"]:
        del credential["last_used_at"]
    return found


async def make_world(folder: Path) -> World:
    """Fill a store's file and close it."""
    path = folder / "runcast.sqlite"
    async with open_sqlite_store(str(path)) as store:
        for organization_id in (OWN, OTHER, GONE):
            await _fill(store, organization_id, MARKER if organization_id == OWN else organization_id)
        await store.revoke_sessions(OWN, f"{OWN}-revoked", now_ms())
        await store.remove_user(OWN, f"{OWN}-removed")
        await store.delete_organization(GONE)
        await _announce(store)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return World(path)


async def _announce(store: SqliteStore) -> None:
    """Leave nothing to an api's sweeps, which would change it behind a test's back."""
    for execution in await store.unannounced(before=now_ms() + _HOUR_MS):
        await store.announced(execution.organization_id, execution.task_id, execution.rev)
    for revocation in await store.unannounced_revocations():
        await store.revocation_announced(revocation)


@cache
def _hash() -> str:
    return PasswordHasher().hash(PASSWORD)


async def _fill(store: SqliteStore, organization_id: str, marker: str) -> None:
    now = now_ms()

    def user(name: str, role: Role) -> User:
        email = f"{name}-{organization_id}@{marker}.example"
        return User(f"{organization_id}-{name}", organization_id, email, f"{name} {marker}", role, _hash(), now)

    await store.create_account(Organization(organization_id, f"O {marker}", now), user("admin", Role.ADMIN))
    for name, role in (("developer", Role.DEVELOPER), ("viewer", Role.VIEWER)):
        await store.create_user(user(name, role))
    for name in ("revoked", "removed"):
        await store.create_user(user(name, Role.ADMIN))
    await _add_executions(store, organization_id, marker)
    await _add_credentials(store, organization_id, marker)


async def _add_executions(store: SqliteStore, organization_id: str, marker: str) -> None:
    """Those of `own` have the plain names, which mean nothing elsewhere."""
    prefix = "" if organization_id == OWN else f"{organization_id}-"
    created = now_ms() - _HOUR_MS
    request = {"image": "busybox", "command": marker}
    told = {"command": marker, "requested_by": f"{organization_id}-admin", "requested_by_name": marker}
    for name in ("waiting", "ended"):
        one = Execution(organization_id, prefix + name, "busybox", created, created, request=request, **told)
        await store.create_execution(one)
    await store.request_cancel(organization_id, f"{prefix}ended")
    await store.record_external(organization_id, f"{prefix}reported", Status.RUNNING)
    await store.append_external_log(organization_id, f"{prefix}reported", marker, now_ms())


async def _add_credentials(store: SqliteStore, organization_id: str, marker: str) -> None:
    for kind in CredentialKind:
        await store.add_credential(replace(_key(organization_id, kind), name=marker))
    for name in ("admin", "developer", "viewer"):
        owner = f"{organization_id}-{name}"
        at = now_ms()
        await store.add_session(
            PageSession(f"{owner}-session", organization_id, owner, "hash", at, at, at + _HOUR_MS, marker)
        )


def _key(organization_id: str, kind: CredentialKind) -> Credential:
    """Return an organization's one credential of that kind; its API key is a developer's, or another's admin's."""
    role_of_key = Role.DEVELOPER if organization_id == OWN else Role.ADMIN
    return Credential(
        credential_id=credential_id(organization_id, kind),
        organization_id=organization_id,
        kind=kind,
        secret_hash=secret_hash(key_secret(organization_id, kind)),
        user_id=f"{organization_id}-admin",
        created_at=now_ms(),
        role=role_of_key if kind is CredentialKind.API_KEY else Role.VIEWER,
        expires_at=now_ms() + 24 * _HOUR_MS,
    )


async def tell(bus: MemoryBus) -> None:
    """Tell a bus what an api would: who is out, and which API keys there are."""
    for organization_id in (OWN, OTHER):
        secret = key_secret(organization_id, CredentialKind.API_KEY)
        await bus.tell_key(secret_hash(secret), ApiKey.of(_key(organization_id, CredentialKind.API_KEY)))
    at = now_ms() + _HOUR_MS
    for organization_id, subject in ((OWN, f"{OWN}-removed"), (GONE, EVERYBODY)):
        await bus.revoke(organization_id, subject, REMOVED, 86_400)
    await bus.revoke(OWN, f"{OWN}-revoked", at, 86_400)
