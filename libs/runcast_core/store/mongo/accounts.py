"""The MongoDB store's organizations and users."""

from typing import Unpack

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Organization, OrganizationChanges, User
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, NotFound
from runcast_core.model.identifiers import EVERYBODY, check_organization_id
from runcast_core.store.account_store import email_taken
from runcast_core.store.mongo import documents
from runcast_core.store.mongo.collections import EMAIL_INDEX
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import hit_index, translated
from runcast_core.store.mongo.revocations import MongoRevocations


class MongoAccounts(MongoRevocations):
    """See `runcast_core.account_account_store.AccountStore`."""

    async def create_account(self, organization: Organization, user: User) -> None:
        """The organization goes first: what a crash leaves behind is one without users, which nobody can enter."""
        with translated():
            try:
                await self._organizations.insert_one(documents.organization_document(organization))
            except DuplicateKeyError as exc:
                raise Conflict("an organization with this id exists", code="ORGANIZATION_EXISTS") from exc
            try:
                await self._users.insert_one(documents.user_document(user))
            except DuplicateKeyError as exc:
                await self._organizations.delete_one({"_id": organization.organization_id})
                raise user_exists(exc) from exc

    async def user_by_email(self, email: str) -> User | None:
        return await self._user({"email": email})

    async def user(self, organization_id: str, user_id: str) -> User | None:
        return await self._user({"_id": user_id, "organizationId": organization_id})

    async def _user(self, query: Document) -> User | None:
        with translated():
            document = await self._users.find_one(query)
        return documents.user(document) if document else None

    async def organization(self, organization_id: str) -> Organization | None:
        with translated():
            document = await self._organizations.find_one({"_id": organization_id})
        return documents.organization(document) if document else None

    async def change_organization(self, organization_id: str, **changes: Unpack[OrganizationChanges]) -> Organization:
        await self._know(organization_id)
        query, change = {"_id": organization_id, "deleted": False}, {"$set": documents.organization_fields(changes)}
        with translated():
            document = await self._organizations.find_one_and_update(
                query, change, return_document=ReturnDocument.AFTER
            )
        if document is None:
            raise NotFound("no such organization")
        return documents.organization(document)

    async def delete_organization(self, organization_id: str) -> None:
        await self.revoke_sessions(organization_id, EVERYBODY, REMOVED)
        await self._know(organization_id, deleted=True)
        with translated():
            await self._activity.delete_one({"_id": organization_id})

    async def _know(self, organization_id: str, **fields: bool) -> None:
        """Set these fields, of a new record without a name if there is none."""
        unknown = Organization(check_organization_id(organization_id), "", now_ms())
        record = {n: value for n, value in documents.organization_document(unknown).items() if n not in fields}
        key, change = {"_id": record.pop("_id")}, {"$setOnInsert": record} | ({"$set": fields} if fields else {})
        with translated():
            await self._organizations.update_one(key, change, upsert=True)


def user_exists(error: DuplicateKeyError) -> Conflict:
    """Return what adding a user raises, by the index that the duplicate key hit."""
    if hit_index(error, EMAIL_INDEX):
        return email_taken()
    return Conflict("a user with this id exists", code="USER_EXISTS")
