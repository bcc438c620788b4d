"""The SQLite store's revocations. The column `user_id` holds the subject, whatever that is."""

import apsw

from runcast_core.bus.revocations import Revocation
from runcast_core.model.accounts import Standing
from runcast_core.model.identifiers import check_organization_id
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import one, rows
from runcast_core.store.sqlite.schema import NOW, OF_SESSIONS

_SHOWN = "organization_id, user_id AS subject, revoked_at AS at, noted_at"
_STANDING = """
SELECT (SELECT deleted FROM organizations WHERE organization_id = ?) AS deleted,
    (SELECT max(revoked_at) FROM revocations WHERE organization_id = ? AND user_id IN ({})) AS revoked_at
"""
_REVOKE = f"""
INSERT INTO revocations (organization_id, user_id, revoked_at, unannounced, noted_at) VALUES (?, ?, ?, 1, {NOW})
ON CONFLICT DO UPDATE SET
    revoked_at = max(revoked_at, excluded.revoked_at), unannounced = 1, noted_at = excluded.noted_at
RETURNING {_SHOWN}
"""  # noqa: S608 - constants
_UNANNOUNCED = f"SELECT {_SHOWN} FROM revocations WHERE unannounced = 1 LIMIT ?"  # noqa: S608 - a constant
_ANNOUNCED = "UPDATE revocations SET unannounced = 0 WHERE organization_id = ? AND user_id = ? AND revoked_at = ?"
_RECENT = f"""
SELECT {_SHOWN} FROM revocations
WHERE noted_at >= {NOW} - ? AND (noted_at, organization_id, user_id) > (?, ?, ?)
ORDER BY noted_at, organization_id, user_id LIMIT ?
"""  # noqa: S608 - constants
_FORGET = f"""
DELETE FROM revocations WHERE (organization_id, user_id) IN
    (SELECT organization_id, user_id FROM revocations WHERE noted_at < {NOW} - ? AND {OF_SESSIONS} LIMIT ?)
RETURNING 1 AS gone
"""  # noqa: S608 - constants


class SqliteRevocations(SqliteAccess):
    """See `runcast_core.store.account_store.RevocationStore`."""

    async def standing(self, organization_id: str, subjects: tuple[str, ...]) -> Standing:
        sql = _STANDING.format(", ".join("?" * len(subjects)))
        row = await self._read(lambda c: one(c, sql, organization_id, organization_id, *subjects))
        assert row is not None  # noqa: S101 - it selects no table
        return Standing(bool(row["deleted"]), row["revoked_at"])

    async def revoke_sessions(self, organization_id: str, subject: str, at: int) -> Revocation:
        check_organization_id(organization_id)
        return await self._write(lambda c: revoke(c, organization_id, subject, at))

    async def unannounced_revocations(self, *, limit: int = 100) -> list[Revocation]:
        return [Revocation(**row) for row in await self._read(lambda c: rows(c, _UNANNOUNCED, limit))]

    async def revocation_announced(self, revocation: Revocation) -> None:
        values = revocation.organization_id, revocation.subject, revocation.at
        await self._write(lambda c: c.execute(_ANNOUNCED, values).close())

    async def recent_revocations(
        self, *, within_ms: int, after: Revocation | None = None, limit: int = 500
    ) -> list[Revocation]:
        place = (0, "", "") if after is None else (after.noted_at, after.organization_id, after.subject)
        return [Revocation(**row) for row in await self._read(lambda c: rows(c, _RECENT, within_ms, *place, limit))]

    async def forget_sessions(self, *, older_than_ms: int, limit: int = 500) -> bool:
        return len(await self._write(lambda c: rows(c, _FORGET, older_than_ms, limit))) == limit


def revoke(connection: apsw.Connection, organization_id: str, subject: str, at: int) -> Revocation:
    """Note a revocation within a job of the writer's."""
    (row,) = rows(connection, _REVOKE, organization_id, subject, at)
    return Revocation(**row)
