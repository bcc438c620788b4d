"""Sessions that are revoked while Redis is down."""

from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx
import pytest

from runcast_core.model.identifiers import new_id
from tests.e2e.crowd import crowd, official
from tests.parts.account import Account
from tests.parts.installation import started_installation
from tests.parts.redis.server import MortalRedis, own_redis

SENT_AWAY = [("auth-error", [{"error": "Invalid or expired token"}]), ("disconnect", ["io server disconnect"])]


@pytest.mark.usefixtures("javascript_client")
async def test_sockets_are_closed_once_redis_is_back(tmp_path: Path):
    """Those that were there, and one that came while nobody could know; another user's stay. The call succeeds."""
    with MortalRedis(own_redis()[1]) as redis, ExitStack() as server:
        server.enter_context(redis.running())
        with started_installation(redis.url, tmp_path, runners=()) as installation:
            one, two = installation.gateways
            async with httpx.AsyncClient(base_url=installation.api, timeout=20) as http:
                admin, member = (Account(http, f"{new_id()}@example.com") for _ in range(2))
                await admin.sign_up()
                await admin.with_member(member)
                async with (
                    official(one, member.token) as first,
                    official(two, member.token) as second,
                    official(two, admin.token) as other,
                ):
                    server.close()
                    answer = await http.delete("/api/auth/sessions", headers=member.headers)
                    assert answer.status_code == 204
                    assert (await http.get("/api/auth/me", headers=member.headers)).status_code == 401
                    options = {"auth": {"token": member.token}, "transports": ["websocket"]}
                    async with crowd(two, 1, **options) as late:
                        await late.clients[0].until(lambda c: c.of("connect"))
                        server.enter_context(redis.running())
                        for client in (first, second, late.clients[0]):
                            await client.until(lambda c: c.of("disconnect"), 25)
                            assert client.happened[-2:] == SENT_AWAY
                    await member.log_in()
                    with anyio.fail_after(20):
                        async with official(one, member.token):
                            pass
                    assert other.of("disconnect", "auth-error") == []
