"""The api in this process over the real SQLite store, and calls to it in the name of anybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from runcast_api.app import create_app
from runcast_api.settings import ApiSettings
from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind, id_of, new_secret, secret_hash
from runcast_core.store.sqlite.store import SqliteStore, open_sqlite_store
from runcast_core.store.store import Store

SECRET = "0123456789abcdef0123456789abcdef"
SECRETS_KEY = "fedcba9876543210fedcba9876543210"
STRANGER = "203.0.113.9"
ACCOUNT = {"email": "a@example.com", "password": "a long password", "name": "A", "organizationName": "O"}
USER = {"email": "B@example.com", "password": "another password", "name": "B", "role": "developer"}
LOGIN = {"email": "b@example.com", "password": "another password"}


@dataclass
class Installation:
    """A served api, its parts, and calls in the name of anybody."""

    app: Starlette
    http: httpx2.AsyncClient
    store: SqliteStore
    bus: MemoryBus
    registry: CollectorRegistry

    async def call(
        self, method: str, path: str, *, org: str = "org_a", role: Role = Role.DEVELOPER, **request: Any
    ) -> httpx2.Response:
        return await self.http.request(method, path, headers=bearer(org, role), **request)

    async def requested(self, task_id: str = "t1", *, org: str = "org_a", **body: Any) -> dict[str, Any]:
        body = {"image": "busybox", "taskId": task_id, **body}
        answer = await self.call("POST", "/api/execution-request", org=org, json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def sample(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


def bearer(org: str = "org_a", role: Role = Role.DEVELOPER, **options: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {HmacTokens(SECRET, **options).issue('u1', org, role)}"}


def may_call(path: str) -> dict[str, str]:
    """Return what an admin shows; nothing for callbacks, where a credential that is no worker's is refused."""
    return {} if path.startswith("/executions/") else bearer(role=Role.ADMIN)


@asynccontextmanager
async def serving(
    folder: Path, *, peer: str = STRANGER, bus: MemoryBus | None = None, **environment: str
) -> AsyncIterator[Installation]:
    settings = ApiSettings.from_mapping({"JWT_SECRET": SECRET, "RUNCAST_SECRETS_KEY": SECRETS_KEY, **environment})
    bus, registry = bus or MemoryBus(), CollectorRegistry()
    async with open_sqlite_store(str(folder / "runcast.sqlite")) as store:
        app = create_app(settings, store=store, bus=bus, registry=registry)
        transport = httpx2.ASGITransport(app=app, client=(peer, 4711), raise_app_exceptions=False)
        client = httpx2.AsyncClient(transport=transport, base_url="http://api")
        async with app.router.lifespan_context(app), client as http:
            yield Installation(app, http, store, bus, registry)


async def with_key(
    store: Store, kind: CredentialKind = CredentialKind.API_KEY, *, org: str = "org_a", **fields: Any
) -> tuple[Credential, str]:
    """Keep a key of the organization in the store; return it with its secret."""
    secret = new_secret(kind)
    role = Role.DEVELOPER if kind is CredentialKind.API_KEY else None
    known: dict[str, Any] = {"name": "CI", "role": role, "created_at": now_ms()} | fields
    hashed = secret_hash(secret)
    credential = Credential(id_of(hashed), org, kind, hashed, "u1", **known)
    await store.add_credential(credential)
    return credential, secret


async def signed_up(api: Installation, email: str = "a@example.com") -> dict[str, str]:
    """Sign up and call in that name from now on; return the user."""
    body = (await api.http.post("/api/auth/signup", json=ACCOUNT | {"email": email})).json()
    api.http.headers["Authorization"] = f"Bearer {body['token']}"
    return dict(body["user"])
