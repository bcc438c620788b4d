"""The tables of the SQLite store, and how a row becomes an object."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec
import orjson

from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.credentials import Credential
from runcast_core.model.executions import (
    DEFAULT_POOL,
    Attempt,
    Execution,
    ExecutionSummary,
    LogChunk,
    Phase,
    Source,
    Status,
)
from runcast_core.model.identifiers import EVERYBODY

SCHEMA = """
CREATE TABLE IF NOT EXISTS organizations (
    organization_id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    concurrency_limit INTEGER, deleted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS users (
    user_id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    role TEXT NOT NULL, password_hash TEXT NOT NULL, created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS users_of_one ON users (organization_id, created_at, user_id);
CREATE TABLE IF NOT EXISTS revocations (
    organization_id TEXT NOT NULL, user_id TEXT NOT NULL, revoked_at INTEGER NOT NULL, unannounced INTEGER NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS revocations_unannounced ON revocations (organization_id, user_id) WHERE unannounced = 1;
CREATE TABLE IF NOT EXISTS credentials (
    credential_id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, kind TEXT NOT NULL,
    secret_hash TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, created_at INTEGER NOT NULL, name TEXT NOT NULL, role TEXT,
    pools TEXT NOT NULL, images TEXT NOT NULL, expires_at INTEGER, last_used_at INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS credentials_of_one ON credentials (organization_id, kind, created_at, credential_id);
CREATE INDEX IF NOT EXISTS credentials_of_all ON credentials (kind, credential_id);
CREATE INDEX IF NOT EXISTS credentials_end ON credentials (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS page_sessions (
    session_id TEXT PRIMARY KEY, organization_id TEXT NOT NULL, user_id TEXT NOT NULL, secret_hash TEXT NOT NULL,
    created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, agent TEXT NOT NULL,
    rotated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS page_sessions_of_one ON page_sessions (organization_id, user_id, last_used_at DESC);
CREATE INDEX IF NOT EXISTS page_sessions_end ON page_sessions (expires_at);
CREATE TABLE IF NOT EXISTS executions (
    organization_id TEXT NOT NULL, task_id TEXT NOT NULL, image TEXT,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, status TEXT NOT NULL, rev INTEGER NOT NULL,
    attempt INTEGER NOT NULL, source TEXT NOT NULL, requested_by TEXT, runner_id TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0, error TEXT, exit_code INTEGER, started_at INTEGER, ended_at INTEGER,
    slot TEXT NOT NULL UNIQUE, lease_until INTEGER, unannounced INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, task_id)
) STRICT;
CREATE INDEX IF NOT EXISTS executions_newest ON executions (organization_id, created_at DESC, task_id DESC);
CREATE INDEX IF NOT EXISTS executions_unannounced ON executions (updated_at) WHERE unannounced = 1;
CREATE TABLE IF NOT EXISTS requests (
    organization_id TEXT NOT NULL, task_id TEXT NOT NULL, request TEXT NOT NULL, PRIMARY KEY (organization_id, task_id)
) STRICT;
CREATE TABLE IF NOT EXISTS log_chunks (
    id INTEGER PRIMARY KEY, organization_id TEXT NOT NULL, task_id TEXT NOT NULL, attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL, text TEXT NOT NULL, ts INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS log_chunks_key ON log_chunks (organization_id, task_id, attempt, seq);
CREATE TABLE IF NOT EXISTS queues (organization_id TEXT PRIMARY KEY, served_at INTEGER NOT NULL) STRICT;
"""
"""A request may be large, so it has a row of its own: within that of its execution every list and every change of state
would go through it. `attempts` is not read by lists; in new files it is the last column of its table."""

ADDED = {
    "organizations": ["retention_days INTEGER", "timeout_limit_s INTEGER"],
    "executions": [
        "priority INTEGER NOT NULL DEFAULT 0",
        f"pool TEXT NOT NULL DEFAULT '{DEFAULT_POOL}'",
        "fingerprint TEXT NOT NULL DEFAULT ''",
        *("command TEXT", "max_attempts INTEGER NOT NULL DEFAULT 1", "requested_by_name TEXT"),
        "phase TEXT",
        "attempts TEXT NOT NULL DEFAULT '[]'",
    ],
    "log_chunks": ["stderr TEXT NOT NULL DEFAULT '[]'", "first_line INTEGER", "lines INTEGER"],
    "revocations": ["noted_at INTEGER NOT NULL DEFAULT 0"],
}
"""Columns of each table that its first version did not have; `attempts` is the last one in a new file."""

NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
"""SQLite's own clock in milliseconds: the one that leases are compared on."""
OF_SESSIONS = "user_id >= 'session:' AND user_id < 'session;'"
"""Which revocations are of a session."""
LIVE = "status IN ('PENDING', 'RUNNING', 'ANALYZING')"
"""Which executions have not ended; a statement uses their index where it says the same by the same words."""

INDEXES = f"""
DROP INDEX IF EXISTS executions_queue;
DROP INDEX IF EXISTS executions_waiting;
CREATE INDEX IF NOT EXISTS executions_queued ON executions
    (status, organization_id, source, pool, priority DESC, created_at, task_id);
CREATE INDEX IF NOT EXISTS executions_live ON executions (organization_id, created_at DESC, task_id DESC) WHERE {LIVE};
CREATE INDEX IF NOT EXISTS log_chunks_counts ON log_chunks
    (organization_id, task_id, attempt, seq, lines, first_line);
CREATE INDEX IF NOT EXISTS log_chunks_lines ON log_chunks (organization_id, task_id, attempt, first_line, seq, lines)
    WHERE first_line IS NOT NULL;
CREATE INDEX IF NOT EXISTS revocations_noted ON revocations (noted_at, organization_id, user_id);
CREATE INDEX IF NOT EXISTS revocations_of_sessions ON revocations (noted_at) WHERE {OF_SESSIONS};
"""
"""Made once the columns above are there."""

ADOPTED = f"""
UPDATE revocations SET noted_at = {NOW} WHERE noted_at = 0;
INSERT INTO revocations (organization_id, user_id, revoked_at, unannounced, noted_at)
    SELECT organization_id, '{EVERYBODY}', {REMOVED}, 1, {NOW} FROM organizations WHERE deleted = 1
    ON CONFLICT DO NOTHING;
"""  # noqa: S608 - constants
"""What older versions left: revocations that nobody knows the time of, and deleted organizations without one."""

_attempts = msgspec.json.Decoder(tuple[Attempt, ...]).decode


SUMMARY = ", ".join(ExecutionSummary.__match_args__)
"""The columns of a summary, which have the names of its fields."""


def summary(row: Mapping[str, Any]) -> ExecutionSummary:
    return ExecutionSummary(**_summary(row))


def execution(row: Mapping[str, Any]) -> Execution:
    return Execution(
        **_summary(row),
        request=orjson.loads(row["request"]),
        fingerprint=row["fingerprint"],
        attempts=_attempts(row["attempts"]),
    )


def _summary(row: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: row[name] for name in ExecutionSummary.__match_args__}
    typed = {"status": Status(row["status"]), "source": Source(row["source"])}
    phase = Phase(row["phase"]) if row["phase"] else None
    return plain | typed | {"cancel_requested": bool(row["cancel_requested"]), "phase": phase}


def user(row: Mapping[str, Any]) -> User:
    return User(**{**row, "role": Role(row["role"])})


def organization(row: Mapping[str, Any]) -> Organization:
    return Organization(**{**row, "deleted": bool(row["deleted"])})


def credential(row: Mapping[str, Any]) -> Credential:
    lists = {name: orjson.loads(row[name]) for name in ("pools", "images")}
    return msgspec.convert({**row, **lists}, Credential)


def chunk(row: Mapping[str, Any]) -> LogChunk:
    values = {name: row[name] for name in ("organization_id", "task_id", "attempt", "seq", "text", "ts", "first_line")}
    return LogChunk(**values, stderr=tuple((first, count) for first, count in orjson.loads(row["stderr"])))


def column(value: Any) -> Any:
    """Return a value of a field as its column keeps it."""
    if isinstance(value, StrEnum):
        return value.value
    return msgspec.json.encode(value).decode() if isinstance(value, tuple) else value
