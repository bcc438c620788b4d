"""The end of a token while its sockets are connected: by time, and by revocation."""

import time
from datetime import datetime

import anyio
import httpx
import pytest
import socketio

from runcast_core.access.tokens import HmacTokens
from runcast_core.model.accounts import Role
from runcast_core.model.identifiers import new_id
from tests.e2e.counters import until_counted
from tests.e2e.crowd import Client, crowd, official
from tests.e2e.raw_socket import raw_socket
from tests.parts.account import Account
from tests.parts.installation import SECRET, Installation
from tests.parts.part import Part

SENT_AWAY = [("auth-error", [{"error": "Invalid or expired token"}]), ("disconnect", ["io server disconnect"])]


def _token(user_id: str, organization_id: str, lifetime_s: int) -> str:
    return HmacTokens(SECRET, lifetime_s=lifetime_s).issue(user_id, organization_id, Role.VIEWER)


async def _sent_away(client: Client) -> None:
    """Wait for the end; it is told, and final."""
    await client.until(lambda c: c.of("disconnect"))
    assert client.happened[-2:] == SENT_AWAY


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_socket_ends_with_its_token(strict: Installation, transport: str):
    """Warned before, then told and disconnected, no sooner; and its client stays away."""
    organization, url = new_id(), strict.gateways[0]
    token = _token("u", organization, 4)
    end = time.time() + 4
    ends_at = (await HmacTokens(SECRET).verify(token)).expires_at
    async with official(url, token, transport=transport) as client:
        await client.until(lambda c: c.of("token-expiring"))
        [warning] = client.of("token-expiring")
        assert list(warning) == ["expiresAt"]
        assert datetime.fromisoformat(warning["expiresAt"]).timestamp() == ends_at
        assert time.time() < end
        await _sent_away(client)
        assert ends_at <= time.time() < end + 2
        async with official(url, strict.token(organization)):
            pass  # in which time a loop would have come back
        assert len(client.of("connect")) == 1


@pytest.mark.usefixtures("javascript_client")
async def test_a_socket_lives_on_with_a_newer_token(strict: Installation):
    """Of the same user and organization only; another's, and a bad one, are errors and change nothing."""
    organization, url = new_id(), strict.gateways[0]
    async with official(url, _token("u", organization, 4)) as client:
        for stranger in (_token("v", organization, 600), _token("u", new_id(), 600)):
            assert (await client.ask("refresh-token", {"token": stranger}))["code"] == "OTHER_USER"
        for bad in (_token("u", organization, -5), "garbage", None, 7, {}):
            assert (await client.ask("refresh-token", {"token": bad}))["code"] == "INVALID_TOKEN"
        await client.until(lambda c: c.of("token-expiring"))
        answer = await client.ask("refresh-token", {"token": _token("u", organization, 6)})
        assert list(answer) == ["expiresAt"]
        await client.until(lambda c: len(c.of("token-expiring")) == 2)
        assert client.of("token-expiring")[1] == answer
        await _sent_away(client)


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize("way", ["log out everywhere", "removed", "revoked by an admin"])
async def test_a_revoked_users_sockets_are_closed_on_every_gateway(strict: Installation, way: str):
    """Within a second, and only that user's; the token opens nothing any more, and a log-in after it does."""
    async with httpx.AsyncClient(base_url=strict.api, timeout=20) as http:
        admin, member = (Account(http, f"{new_id()}@example.com") for _ in range(2))
        await admin.sign_up()
        await admin.with_member(member)
        one, two = strict.gateways
        async with (
            official(one, member.token) as first,
            official(two, member.token, transport="polling") as second,
            official(two, admin.token) as other,
        ):
            path = f"/api/users/{member.user_id}" + ("" if way == "removed" else "/sessions")
            own = way == "log out everywhere"
            call = ("/api/auth/sessions", member.headers) if own else (path, admin.headers)
            assert (await http.delete(call[0], headers=call[1])).status_code == 204
            with anyio.fail_after(2):
                for client in (first, second):
                    await _sent_away(client)
            for url in strict.gateways:
                async with crowd(url, 1, auth={"token": member.token}, transports=["websocket"]) as late:
                    await _sent_away(late.clients[0])
            if way != "removed":
                await member.log_in()
                for url in strict.gateways:
                    async with official(url, member.token):
                        pass
            assert other.of("disconnect", "auth-error") == []
            assert len(first.of("connect")) == len(second.of("connect")) == 1


async def test_nothing_reaches_who_was_sent_away_and_stays(strict: Installation, redis_part: Part, redis_bus):
    """Neither through the bus nor through a stock emitter, in the time that its connection has left."""
    organization, url = new_id(), strict.gateways[0]
    emitter = socketio.AsyncRedisManager(redis_part.url, write_only=True)
    async with raw_socket(url) as raw, raw_socket(url) as other:
        for socket, user in ((raw, "u"), (other, "v")):
            await socket.connect(_token(user, organization, 600))
            await socket.until("auth-success")
        await redis_bus.revoke(organization, "u", round(time.time() * 1000) + 1000, 600)
        await raw.until("auth-error")
        await raw.disconnected()
        await emitter.emit("hello", {"x": 1}, room=f"org:{organization}")
        await other.until("hello")
        await raw.closed()
    await emitter.redis.aclose()
    assert [event[0] for event in raw.events] == ["auth-success", "auth-error"]
    await until_counted(url, "sockets", 0, organization=organization)
