"""The SQLite store's sessions of pages."""

import apsw

from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import PageSession
from runcast_core.model.errors import NotFound
from runcast_core.store.credential_store import MAX_SESSIONS
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import fields, insert, one, rows

_OF_USER = "organization_id = ? AND user_id = ?"
_NEWEST = f"SELECT * FROM page_sessions WHERE {_OF_USER} AND expires_at > ? ORDER BY last_used_at DESC, session_id"  # noqa: S608
_TRIM = f"""
DELETE FROM page_sessions WHERE session_id IN
    (SELECT session_id FROM page_sessions WHERE {_OF_USER} ORDER BY last_used_at DESC, session_id LIMIT -1 OFFSET ?)
"""  # noqa: S608 - a constant
_ROTATE = """
UPDATE page_sessions
SET secret_hash = ?, rotated_at = ?, last_used_at = ?, expires_at = ?
WHERE session_id = ? AND secret_hash = ?
"""
_END = f"DELETE FROM page_sessions WHERE {_OF_USER} AND session_id = ?"  # noqa: S608 - a constant
_END_OTHERS = f"DELETE FROM page_sessions WHERE {_OF_USER} AND session_id != ?"  # noqa: S608 - a constant


class SqlitePageSessions(SqliteAccess):
    """See `runcast_core.store.credential_store.SessionStore`."""

    async def add_session(self, session: PageSession) -> None:
        def job(connection: apsw.Connection) -> None:
            connection.execute(_TRIM, (session.organization_id, session.user_id, MAX_SESSIONS - 1))
            insert(connection, "page_sessions", fields(session))

        await self._write(job)

    async def session(self, session_id: str) -> PageSession | None:
        sql = "SELECT * FROM page_sessions WHERE session_id = ? AND expires_at > ?"
        row = await self._read(lambda c: one(c, sql, session_id, now_ms()))
        return PageSession(**row) if row else None

    async def sessions(self, organization_id: str, user_id: str) -> list[PageSession]:
        found = await self._read(lambda c: rows(c, _NEWEST, organization_id, user_id, now_ms()))
        return [PageSession(**row) for row in found]

    async def rotate_session(self, session_id: str, old_hash: str, new_hash: str, *, at: int, expires_at: int) -> bool:
        values = new_hash, at, at, expires_at, session_id, old_hash

        def job(connection: apsw.Connection) -> bool:
            connection.execute(_ROTATE, values)
            return connection.changes() == 1

        return await self._write(job)

    async def end_session(self, organization_id: str, user_id: str, session_id: str) -> None:
        def job(connection: apsw.Connection) -> int:
            connection.execute(_END, (organization_id, user_id, session_id))
            return connection.changes()

        if not await self._write(job):
            raise NotFound("no such session")

    async def end_sessions(self, organization_id: str, user_id: str, *, but: str | None = None) -> None:
        values = organization_id, user_id, but or ""
        await self._write(lambda c: c.execute(_END_OTHERS, values).close())
