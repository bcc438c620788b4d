"""What the SQLite store changes of a user."""

import apsw

from runcast_core.bus.revocations import Revocation
from runcast_core.model.accounts import Role
from runcast_core.model.errors import NotFound
from runcast_core.store.account_store import last_admin
from runcast_core.store.sqlite.accounts import SqliteAccounts, is_last_admin
from runcast_core.store.sqlite.revocations import revoke
from runcast_core.store.sqlite.rows import one

_SET_ROLE = "UPDATE users SET role = ? WHERE organization_id = ? AND user_id = ? RETURNING user_id"
_SET_PASSWORD = "UPDATE users SET password_hash = ? WHERE organization_id = ? AND user_id = ? RETURNING user_id"  # noqa: S105


class SqliteUsers(SqliteAccounts):
    """See `runcast_core.store.account_store.UserStore`."""

    async def set_role(self, organization_id: str, user_id: str, role: Role, at: int) -> Revocation:
        def job(connection: apsw.Connection) -> Revocation:
            if role is not Role.ADMIN and is_last_admin(connection, organization_id, user_id):
                raise last_admin()
            if one(connection, _SET_ROLE, role.value, organization_id, user_id) is None:
                raise NotFound("no such user")
            return revoke(connection, organization_id, user_id, at)

        return await self._write(job)

    async def set_password(self, organization_id: str, user_id: str, password_hash: str) -> None:
        if await self._write(lambda c: one(c, _SET_PASSWORD, password_hash, organization_id, user_id)) is None:
            raise NotFound("no such user")
