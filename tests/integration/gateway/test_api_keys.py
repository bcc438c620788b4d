"""API keys as tokens of sockets: let in by what the bus knows of them, and out with the key."""

import json
from typing import Any

import anyio
import pytest

from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import ApiKey, CredentialKind, id_of, new_secret, secret_hash
from runcast_gateway.protocol import socketio_server
from runcast_gateway.sessions import expiry
from tests.parts.conditions import until
from tests.parts.gateway_server import SECRET, Running, running_gateway
from tests.parts.websocket import WebSocket, websocket


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socketio_server, "REFUSED_GRACE_S", 0.1)
    monkeypatch.setattr(expiry, "SWEEP_S", 0.05)


async def told(running: Running, organization_id: str = "a", **fields: Any) -> tuple[str, str]:
    """Let the gateway know a key; return its secret and its subject."""
    secret = new_secret(CredentialKind.API_KEY)
    hashed = secret_hash(secret)
    key = ApiKey(id_of(hashed), organization_id, Role.VIEWER, now_ms(), **fields)
    await running.bus.tell_key(hashed, key)
    return secret, f"key:{key.credential_id}"


async def asked(socket: WebSocket, token: object) -> dict[str, Any]:
    """Return what `refresh-token` is acknowledged with."""
    await socket.send("421" + json.dumps(["refresh-token", {"token": token}]))
    return json.loads((await socket.until("431"))[3:])[0]


async def test_a_key_opens_its_organizations_room_and_closes_with_it():
    """In its own name; revoked, it is sent away, and others stay."""
    async with running_gateway() as running, websocket(running.port) as mine, websocket(running.port) as other:
        secret, subject = await told(running)
        await mine.send("40" + json.dumps({"token": secret}))
        welcome = json.loads((await mine.until("auth-success"))[2:])[1]
        assert welcome | {"organizationId": "a", "userId": subject, "role": "viewer"} == welcome
        await other.connect(running.token())
        await running.publish()
        await mine.until("execution-log")
        assert running.gateway.hub.presence() == {"a": {subject: 1, "u": 1}}
        await running.bus.forget_key(subject.removeprefix("key:"))
        await running.bus.revoke("a", subject, REMOVED, 3600)
        assert await mine.until("auth-error") == '42["auth-error",{"error":"Invalid or expired token"}]'
        assert await mine.closed() == 1008
        async with websocket(running.port) as again:
            await again.send("40" + json.dumps({"token": secret}))
            await again.until("auth-error")
        await running.publish()
        await other.until("execution-log")


@pytest.mark.parametrize("kind", [*CredentialKind, "other", "expired", "revoked only"])
async def test_what_is_no_key_that_is_good_is_refused(kind: str):
    """Whoever it was made for; an API key that nobody told, too, and one whose revocation alone is known."""
    async with running_gateway() as running, websocket(running.port) as socket:
        secret, subject = await told(running, expires_at=now_ms() - 1 if kind == "expired" else None)
        if kind == "revoked only":
            await running.bus.revoke("a", subject, REMOVED, 3600)
        elif kind == "other":
            secret += "x"
        elif kind != "expired":
            secret = new_secret(CredentialKind(kind))
        await socket.send("40" + json.dumps({"token": secret}))
        await socket.until("auth-error")
        await socket.disconnected()
        assert running.gateway.hub.presence() == {}


@pytest.mark.parametrize("lost", [True, False])
async def test_where_nobody_can_say_the_client_is_to_try_again(lost: bool):
    """The connection closes without a word of the protocol's, and whoever comes again once it is known is let in."""
    async with running_gateway() as running:
        secret, subject = await told(running)
        key = await running.bus.known_key(secret_hash(secret))
        assert key is not None
        running.bus.down = not lost
        if lost:
            running.bus.lose_memory()
        async with websocket(running.port) as socket:
            await socket.send("40" + json.dumps({"token": secret}))
            assert await socket.closed() != 1008
            assert not [text for text in socket.received if text.startswith("4")]
        running.bus.down = False
        await running.bus.tell_key(secret_hash(secret), key)
        async with websocket(running.port) as socket:
            await socket.send("40" + json.dumps({"token": secret}))
            assert subject in await socket.until("auth-success")


async def test_a_socket_ends_with_its_key():
    """When that expires, as with a token."""
    async with running_gateway() as running, websocket(running.port) as socket:
        secret, _ = await told(running, expires_at=now_ms() + 2000)
        await socket.connect(secret)
        with anyio.fail_after(8):
            await socket.until("auth-error")
        assert await socket.closed() == 1008
        await until(lambda: running.gateway.hub.presence() == {})


async def test_a_key_is_refreshed_by_itself_only():
    """Another key, a token of a user, even one that is called so, and a key that is not known are refused."""
    async with running_gateway() as running, websocket(running.port) as socket, websocket(running.port) as person:
        (secret, subject), (other, _), (foreign, _) = (
            await told(running),
            await told(running),
            await told(running, "b"),
        )
        await socket.connect(secret)
        await person.connect(running.token())
        assert list(await asked(socket, secret)) == ["expiresAt"]
        for token in (other, foreign, running.token()):
            assert (await asked(socket, token))["code"] == "OTHER_USER"
        assert (await asked(person, secret))["code"] == "OTHER_USER"
        called_so = HmacTokens(SECRET).issue(subject, "a", Role.ADMIN)
        for token in (called_so, new_secret(CredentialKind.API_KEY), secret + "x"):
            assert (await asked(socket, token))["code"] == "INVALID_TOKEN"
        running.bus.lose_memory()
        assert (await asked(socket, secret))["code"] == "KEYS_UNAVAILABLE"
        await running.bus.end_telling(await running.bus.begin_telling())
        assert (await asked(socket, secret))["code"] == "INVALID_TOKEN"
