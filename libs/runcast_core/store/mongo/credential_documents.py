"""How the MongoDB store's credentials and sessions of pages look: string `_id`s, camelCase, every field present."""

from typing import Any, cast

import msgspec
from pydantic.alias_generators import to_camel, to_snake

from runcast_core.model.credentials import Credential, PageSession
from runcast_core.store.mongo.documents import Document


def credential_document(credential: Credential) -> Document:
    return _document(credential, "credential_id")


def credential(document: Document) -> Credential:
    return msgspec.convert(_fields(document, "credential_id"), Credential)


def session_document(session: PageSession) -> Document:
    return _document(session, "session_id")


def session(document: Document) -> PageSession:
    return msgspec.convert(_fields(document, "session_id"), PageSession)


def _document(record: Any, key: str) -> Document:
    fields = cast(Document, msgspec.to_builtins(record))
    return {"_id": fields.pop(key)} | {to_camel(name): value for name, value in fields.items()}


def _fields(document: Document, key: str) -> Document:
    """Return the record's fields; msgspec passes over what it does not know, such as what a newer version keeps."""
    return {key if name == "_id" else to_snake(name): value for name, value in document.items()}
