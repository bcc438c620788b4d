"""How the MongoDB store's documents look: string `_id`s, camelCase, every uniquely indexed field always present."""

from typing import Any, cast

import msgspec
import orjson
from bson import CodecOptions, Int64
from bson.codec_options import TypeDecoder, TypeRegistry

from runcast_core.model.accounts import Organization, OrganizationChanges, Role, User
from runcast_core.model.executions import (
    DEFAULT_POOL,
    Attempt,
    Execution,
    ExecutionSummary,
    LogChunk,
    Phase,
    Source,
    Status,
    canonical,
)
from runcast_core.model.identifiers import execution_key

Document = dict[str, Any]


class _PlainNumber(TypeDecoder):
    """PyMongo gives 64-bit numbers as a subclass of int, which no other library has to know; msgspec refuses it."""

    bson_type = Int64

    def transform_bson(self, value: Int64) -> int:
        return int(value)


PLAIN_NUMBERS: CodecOptions[Document] = CodecOptions(type_registry=TypeRegistry([_PlainNumber()]))
"""How whatever is read becomes Python's."""

_SUMMARY = {
    "organization_id": "organizationId",
    "task_id": "taskId",
    "image": "image",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "status": "status",
    "rev": "rev",
    "attempt": "attempt",
    "source": "source",
    "requested_by": "requestedBy",
    "runner_id": "runnerId",
    "cancel_requested": "cancelRequested",
    "error": "error",
    "exit_code": "exitCode",
    "started_at": "startedAt",
    "ended_at": "endedAt",
}
_LATER = {
    "priority": ("priority", 0),
    "pool": ("pool", DEFAULT_POOL),
    "command": ("command", None),
    "max_attempts": ("maxAttempts", 1),
    "requested_by_name": ("requestedByName", None),
    "phase": ("phase", None),
}
"""Fields of a summary that documents of older versions do not have, and what that means."""
SUMMARY = dict.fromkeys([*_SUMMARY.values(), *(name for name, _ in _LATER.values())], 1)
"""What is read of a document where only the state is asked for."""
_ORGANIZATION = {
    "name": "name",
    "created_at": "createdAt",
    "concurrency_limit": "concurrencyLimit",
    "deleted": "deleted",
    "retention_days": "retentionDays",
    "timeout_limit_s": "timeoutLimitS",
}


def new_execution_document(execution: Execution) -> Document:
    key = execution_key(execution.organization_id, execution.task_id)
    fields = {name: getattr(execution, attribute) for attribute, name in _SUMMARY.items()}
    fields |= {"status": execution.status.value, "source": execution.source.value}
    fields |= {name: getattr(execution, attribute) for attribute, (name, _) in _LATER.items()}
    fields |= {"fingerprint": execution.fingerprint}
    fields |= {"attempts": [attempt_document(attempt) for attempt in execution.attempts]}
    state = {"slot": key, "leaseMs": 0, "unannounced": True}
    return {"_id": key, "request": canonical(execution.request), **fields, **state}


def summary(document: Document) -> ExecutionSummary:
    return ExecutionSummary(**_summary(document))


def execution(document: Document) -> Execution:
    fields = _summary(document)
    fields |= {"fingerprint": document.get("fingerprint", "")}
    fields |= {"attempts": msgspec.convert(document.get("attempts", ()), tuple[Attempt, ...])}
    return Execution(request=orjson.loads(document["request"]), **fields)


def _summary(document: Document) -> Document:
    fields = {attribute: document[name] for attribute, name in _SUMMARY.items()}
    fields |= {attribute: document.get(name, default) for attribute, (name, default) in _LATER.items()}
    phase = Phase(fields["phase"]) if fields["phase"] else None
    return fields | {"status": Status(document["status"]), "source": Source(document["source"]), "phase": phase}


def attempt_document(attempt: Attempt) -> Document:
    """Return an attempt as a part of its execution's document."""
    return cast(Document, msgspec.to_builtins(attempt))


def user_document(user: User) -> Document:
    return {
        "_id": user.user_id,
        "organizationId": user.organization_id,
        "email": user.email,
        "name": user.name,
        "role": user.role.value,
        "passwordHash": user.password_hash,
        "createdAt": user.created_at,
    }


def user(document: Document) -> User:
    return User(
        document["_id"],
        document["organizationId"],
        document["email"],
        document["name"],
        Role(document["role"]),
        document["passwordHash"],
        document["createdAt"],
    )


def organization_document(organization: Organization) -> Document:
    fields = {name: getattr(organization, attribute) for attribute, name in _ORGANIZATION.items()}
    return {"_id": organization.organization_id, **fields}


def organization_fields(changes: OrganizationChanges) -> Document:
    return {_ORGANIZATION[attribute]: value for attribute, value in changes.items()}


def organization(document: Document) -> Organization:
    """Return it; a field that its document's version did not have is None."""
    fields: Document = {attribute: document.get(name) for attribute, name in _ORGANIZATION.items()}
    return Organization(document["_id"], **fields)


def chunk_id(chunk: LogChunk) -> str:
    return f"{execution_key(chunk.organization_id, chunk.task_id)}/{chunk.attempt}/{chunk.seq}"


def chunk_document(chunk: LogChunk) -> Document:
    return {
        "_id": chunk_id(chunk),
        "organizationId": chunk.organization_id,
        "taskId": chunk.task_id,
        "attempt": chunk.attempt,
        "seq": chunk.seq,
        "text": chunk.text,
        "ts": chunk.ts,
        "stderr": chunk.stderr,
        "firstLine": chunk.first_line,
        "lines": chunk.lines,
    }


def chunk(document: Document) -> LogChunk:
    return LogChunk(
        document["organizationId"],
        document["taskId"],
        document["attempt"],
        document["seq"],
        document["text"],
        document["ts"],
        tuple((first, count) for first, count in document.get("stderr", ())),
        document.get("firstLine"),
    )
