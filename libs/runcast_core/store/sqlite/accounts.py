"""The SQLite store's organizations and users."""

from typing import Unpack

import apsw

from runcast_core.bus.revocations import REMOVED, Revocation
from runcast_core.model.accounts import Organization, OrganizationChanges, User
from runcast_core.model.errors import NotFound
from runcast_core.model.identifiers import EVERYBODY, check_organization_id
from runcast_core.store.account_store import MAX_USERS, email_taken, last_admin, too_many_users
from runcast_core.store.sqlite import schema
from runcast_core.store.sqlite.revocations import SqliteRevocations, revoke
from runcast_core.store.sqlite.rows import fields, insert, one, rows
from runcast_core.store.sqlite.statistics import remove_activity

_OF_ONE = "organization_id = ? AND user_id = ?"
_MEMBERS = "SELECT * FROM users WHERE organization_id = ? ORDER BY created_at, user_id"
_COUNT = "SELECT count(*) AS found FROM users WHERE organization_id = ?"
_ADMINS = "SELECT user_id FROM users WHERE organization_id = ? AND role = 'admin' LIMIT 2"
_KNOW = f"""
INSERT INTO organizations (organization_id, name, created_at) VALUES (?, '', {schema.NOW}) ON CONFLICT DO NOTHING
"""  # noqa: S608 - a constant
_CHANGE = "UPDATE organizations SET {} WHERE organization_id = ? AND deleted = 0 RETURNING *"
_DELETE = f"""
INSERT INTO organizations (organization_id, name, created_at, deleted) VALUES (?, '', {schema.NOW}, 1)
ON CONFLICT DO UPDATE SET deleted = 1
"""  # noqa: S608 - a constant


class SqliteAccounts(SqliteRevocations):
    """See `runcast_core.store.account_store`."""

    async def create_account(self, organization: Organization, user: User) -> None:
        def job(connection: apsw.Connection) -> None:
            insert(connection, "organizations", {**fields(organization), "deleted": int(organization.deleted)})
            _add(connection, user)

        await self._write(job)

    async def user_by_email(self, email: str) -> User | None:
        row = await self._read(lambda c: one(c, "SELECT * FROM users WHERE email = ?", email))
        return schema.user(row) if row else None

    async def user(self, organization_id: str, user_id: str) -> User | None:
        sql = f"SELECT * FROM users WHERE {_OF_ONE}"  # noqa: S608 - a constant
        row = await self._read(lambda c: one(c, sql, organization_id, user_id))
        return schema.user(row) if row else None

    async def organization(self, organization_id: str) -> Organization | None:
        sql = "SELECT * FROM organizations WHERE organization_id = ?"
        row = await self._read(lambda c: one(c, sql, organization_id))
        return schema.organization(row) if row else None

    async def change_organization(self, organization_id: str, **changes: Unpack[OrganizationChanges]) -> Organization:
        check_organization_id(organization_id)
        sql = _CHANGE.format(", ".join(f"{name} = ?" for name in changes))

        def job(connection: apsw.Connection) -> Organization:
            connection.execute(_KNOW, (organization_id,))
            row = one(connection, sql, *changes.values(), organization_id)
            if row is None:
                raise NotFound("no such organization")
            return schema.organization(row)

        return await self._write(job)

    async def delete_organization(self, organization_id: str) -> None:
        check_organization_id(organization_id)

        def job(connection: apsw.Connection) -> None:
            revoke(connection, organization_id, EVERYBODY, REMOVED)
            connection.execute(_DELETE, (organization_id,))
            remove_activity(connection, organization_id)

        await self._write(job)

    async def users(self, organization_id: str) -> list[User]:
        return [schema.user(row) for row in await self._read(lambda c: rows(c, _MEMBERS, organization_id))]

    async def create_user(self, user: User) -> None:
        def job(connection: apsw.Connection) -> None:
            sql = "SELECT 1 FROM organizations WHERE organization_id = ? AND deleted = 0"
            if not one(connection, sql, user.organization_id):
                raise NotFound("no such organization")
            if rows(connection, _COUNT, user.organization_id)[0]["found"] >= MAX_USERS:
                raise too_many_users()
            _add(connection, user)

        await self._write(job)

    async def remove_user(self, organization_id: str, user_id: str) -> Revocation:
        def job(connection: apsw.Connection) -> Revocation:
            if is_last_admin(connection, organization_id, user_id):
                raise last_admin()
            connection.execute(f"DELETE FROM users WHERE {_OF_ONE}", (organization_id, user_id))  # noqa: S608
            if not connection.changes():
                raise NotFound("no such user")
            return revoke(connection, organization_id, user_id, REMOVED)

        return await self._write(job)


def _add(connection: apsw.Connection, user: User) -> None:
    if one(connection, "SELECT 1 FROM users WHERE email = ?", user.email):
        raise email_taken()
    insert(connection, "users", fields(user))


def is_last_admin(connection: apsw.Connection, organization_id: str, user_id: str) -> bool:
    return rows(connection, _ADMINS, organization_id) == [{"user_id": user_id}]
