"""The MongoDB store's further users: added to an organization, listed and removed."""

import time

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from runcast_core.bus.revocations import REMOVED, Revocation
from runcast_core.model.accounts import Role, User
from runcast_core.model.errors import NotFound
from runcast_core.model.identifiers import new_id
from runcast_core.store.account_store import MAX_USERS, last_admin, too_many_users
from runcast_core.store.mongo import documents
from runcast_core.store.mongo.accounts import user_exists
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated
from runcast_core.store.mongo.revocations import MongoRevocations

_LEAVING_S = 60
"""After so long a mark is one that a crash left behind; marks begin with the time."""


class MongoUsers(MongoRevocations):
    """See `runcast_core.store.account_store.UserStore`."""

    async def users(self, organization_id: str) -> list[User]:
        query = {"organizationId": organization_id}
        with translated():
            found = self._users.find(query).sort([("createdAt", ASCENDING), ("_id", ASCENDING)])
            return [documents.user(document) async for document in found]

    async def create_user(self, user: User) -> None:
        """Several at once may exceed `MAX_USERS` by as many."""
        with translated():
            if not await self._organizations.find_one({"_id": user.organization_id, "deleted": False}, {"_id": 1}):
                raise NotFound("no such organization")
            members = {"organizationId": user.organization_id}
            if await self._users.count_documents(members, limit=MAX_USERS) >= MAX_USERS:
                raise too_many_users()
            try:
                await self._users.insert_one(documents.user_document(user))
            except DuplicateKeyError as exc:
                raise user_exists(exc) from exc

    async def remove_user(self, organization_id: str, user_id: str) -> Revocation:
        """Each removal first marks the user as leaving, then looks for an admin who is not. Of two that remove each
        other, the one that looks later sees the other's mark, so that one of them stays. A mark that a crash leaves
        behind makes others' removal fail until this one is repeated."""
        key = {"_id": user_id, "organizationId": organization_id}
        with translated():
            await self._mark_leaving(key)
        revocation = await self.revoke_sessions(organization_id, user_id, REMOVED)
        with translated():
            await self._users.delete_one(key)
        return revocation

    async def set_role(self, organization_id: str, user_id: str, role: Role, at: int) -> Revocation:
        """An admin who becomes something else leaves as an admin, with the mark of `remove_user`, which goes with the
        change; one who becomes an admin loses marks that a crash left behind. The revocation comes last, so that no
        token with the old role is issued after it."""
        key = {"_id": user_id, "organizationId": organization_id}
        with translated():
            done: Document = {"$lt": f"{int(time.time()) - _LEAVING_S:08x}"}
            if role is not Role.ADMIN:
                done = {"$eq": await self._mark_leaving(key)}
            change = {"$set": {"role": role.value}, "$pull": {"leaving": done}}
            if await self._users.find_one_and_update(key, change) is None:
                raise NotFound("no such user")
        return await self.revoke_sessions(organization_id, user_id, at)

    async def set_password(self, organization_id: str, user_id: str, password_hash: str) -> None:
        key = {"_id": user_id, "organizationId": organization_id}
        with translated():
            result = await self._users.update_one(key, {"$set": {"passwordHash": password_hash}})
        if not result.matched_count:
            raise NotFound("no such user")

    async def _mark_leaving(self, key: Document) -> str:
        """Return the mark. Raises `NotFound`, or `Conflict` (`LAST_ADMIN`) if no other admin stays."""
        mark = new_id()
        found = await self._users.find_one_and_update(key, {"$push": {"leaving": mark}})
        if found is None:
            raise NotFound("no such user")
        if found["role"] == Role.ADMIN and not await self._staying_admin(key["organizationId"]):
            await self._users.update_one(key, {"$pull": {"leaving": mark}})
            raise last_admin()
        return mark

    async def _staying_admin(self, organization_id: str) -> Document | None:
        staying = {"organizationId": organization_id, "role": Role.ADMIN.value, "leaving.0": {"$exists": False}}
        return await self._users.find_one(staying, {"_id": 1})
