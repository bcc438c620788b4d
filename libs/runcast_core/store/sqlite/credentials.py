"""The SQLite store's keys and one-time links."""

from collections.abc import Collection

import apsw
import orjson

from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind
from runcast_core.model.errors import NotFound
from runcast_core.store.credential_store import MAX_CREDENTIALS, too_many_credentials
from runcast_core.store.sqlite import schema
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import fields, insert, one, rows

_GOOD = "(expires_at IS NULL OR expires_at > ?)"
_BY_HASH = f"SELECT * FROM credentials WHERE secret_hash = ? AND {_GOOD}"  # noqa: S608 - a constant
_COUNT = f"SELECT count(*) AS found FROM credentials WHERE organization_id = ? AND kind = ? AND {_GOOD}"  # noqa: S608
_OF_ONE = (
    f"SELECT * FROM credentials WHERE organization_id = ? AND kind IN (SELECT value FROM json_each(?)) AND {_GOOD}"  # noqa: S608
)
_AFTER = f"""
SELECT * FROM credentials WHERE kind = ? AND credential_id > ? AND {_GOOD} ORDER BY credential_id LIMIT ?
"""  # noqa: S608 - a constant
_REMOVE = """
DELETE FROM credentials
WHERE organization_id = ? AND credential_id = ? AND kind IN (SELECT value FROM json_each(?)) RETURNING *
"""
_SPEND = f"DELETE FROM credentials WHERE secret_hash = ? AND kind = ? AND {_GOOD} RETURNING *"  # noqa: S608 - a constant
_EXPIRED = "DELETE FROM {0} WHERE rowid IN (SELECT rowid FROM {0} WHERE expires_at < ? LIMIT ?)"


class SqliteCredentials(SqliteAccess):
    """See `runcast_core.store.credential_store.CredentialStore`."""

    async def add_credential(self, credential: Credential) -> None:
        def job(connection: apsw.Connection) -> None:
            owner = credential.organization_id, credential.kind.value
            if rows(connection, _COUNT, *owner, now_ms())[0]["found"] >= MAX_CREDENTIALS:
                raise too_many_credentials()
            insert(connection, "credentials", fields(credential))

        await self._write(job)

    async def credential(self, secret_hash: str) -> Credential | None:
        row = await self._read(lambda c: one(c, _BY_HASH, secret_hash, now_ms()))
        return schema.credential(row) if row else None

    async def credentials(self, organization_id: str, kinds: Collection[CredentialKind]) -> list[Credential]:
        sql = f"{_OF_ONE} ORDER BY created_at, credential_id"
        found = await self._read(lambda c: rows(c, sql, organization_id, _listed(kinds), now_ms()))
        return [schema.credential(row) for row in found]

    async def credentials_after(self, kind: CredentialKind, after: str, *, limit: int = 500) -> list[Credential]:
        found = await self._read(lambda c: rows(c, _AFTER, kind.value, after, now_ms(), limit))
        return [schema.credential(row) for row in found]

    async def remove_credential(
        self, organization_id: str, credential_id: str, kinds: Collection[CredentialKind]
    ) -> Credential:
        row = await self._write(lambda c: one(c, _REMOVE, organization_id, credential_id, _listed(kinds)))
        if row is None:
            raise NotFound("no such credential")
        return schema.credential(row)

    async def spend_credential(self, secret_hash: str, kind: CredentialKind) -> Credential | None:
        row = await self._write(lambda c: one(c, _SPEND, secret_hash, kind.value, now_ms()))
        return schema.credential(row) if row else None

    async def note_credential_used(self, secret_hash: str, at: int) -> None:
        sql = "UPDATE credentials SET last_used_at = max(ifnull(last_used_at, 0), ?) WHERE secret_hash = ?"
        await self._write(lambda c: c.execute(sql, (at, secret_hash)).close())

    async def remove_expired(self, before: int, *, limit: int = 500) -> int:
        def job(connection: apsw.Connection) -> int:
            removed = 0
            for table in ("credentials", "page_sessions"):
                connection.execute(_EXPIRED.format(table), (before, limit))
                removed += connection.changes()
            return removed

        return await self._write(job)


def _listed(kinds: Collection[CredentialKind]) -> str:
    return orjson.dumps(list(kinds)).decode()
