"""The MongoDB store's further users: added to an organization, listed and removed."""

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
        key, mark = {"_id": user_id, "organizationId": organization_id}, {"leaving": new_id()}
        with translated():
            found = await self._users.find_one_and_update(key, {"$push": mark})
            if found is None:
                raise NotFound("no such user")
            if found["role"] == Role.ADMIN and not await self._staying_admin(organization_id):
                await self._users.update_one(key, {"$pull": mark})
                raise last_admin()
        revocation = await self.revoke_sessions(organization_id, user_id, REMOVED)
        with translated():
            await self._users.delete_one(key)
        return revocation

    async def _staying_admin(self, organization_id: str) -> Document | None:
        staying = {"organizationId": organization_id, "role": Role.ADMIN.value, "leaving.0": {"$exists": False}}
        return await self._users.find_one(staying, {"_id": 1})
