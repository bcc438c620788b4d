"""Who is connected, over all gateways, when one of them is killed."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import redis

from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.presence import STALE_MS
from runcast_core.model.accounts import Role
from runcast_core.model.identifiers import new_id, presence_key
from tests.e2e.crowd import official
from tests.parts.conditions import until
from tests.parts.installation import SECRET, Installation, started_installation
from tests.parts.part import Part


async def _until_present(installation: Installation, organization_id: str, *, gateways: int, **users: int) -> None:
    """Wait until the api says so."""
    expected = [
        {"userId": user_id, "sockets": users[user_id]} for user_id in sorted(users, key=lambda u: (-users[u], u))
    ]
    wanted = {"sockets": sum(users.values()), "users": expected, "gateways": gateways}
    headers = installation.headers(organization_id)
    answers: list[Any] = []
    async with httpx.AsyncClient(base_url=installation.api) as http:

        async def present() -> bool:
            answers.append((await http.get("/api/presence", headers=headers)).json())
            return answers[-1] == wanted

        await until(present, instead=lambda: (answers[-1:], wanted))


@pytest.mark.usefixtures("javascript_client")
async def test_presence_is_of_all_gateways_that_live(redis_part: Part, tmp_path: Path):
    """Of one's own organization. A killed gateway counts until what it told is stale, by Redis's own clock; the other
    one goes on telling."""
    a, b = new_id(), new_id()
    issue = HmacTokens(SECRET).issue
    with started_installation(redis_part.url, tmp_path, runners=()) as installation:
        one, two = installation.gateways
        async with (
            official(one, issue("ann", a, Role.VIEWER)),
            official(one, issue("ann", a, Role.VIEWER)),
            official(two, issue("bob", a, Role.VIEWER)),
            official(two, issue("ann", a, Role.VIEWER)) as leaving,
            official(two, issue("eve", b, Role.VIEWER)),
        ):
            await _until_present(installation, a, gateways=2, ann=3, bob=1)
            await _until_present(installation, b, gateways=1, eve=1)
            await leaving.call("disconnect")
            await _until_present(installation, a, gateways=2, ann=2, bob=1)
            installation.services["gateway-1"].process.kill()
            _age(redis_part.url, a, "ann", STALE_MS - 3000)
            await _until_present(installation, a, gateways=2, ann=2, bob=1)
            _age(redis_part.url, a, "ann", 3001)
            await _until_present(installation, a, gateways=1, bob=1)
            _age(redis_part.url, a, "bob", STALE_MS + 1)
            await _until_present(installation, a, gateways=1, bob=1)
            await _until_present(installation, b, gateways=1, eve=1)


def _age(url: str, organization_id: str, user_id: str, by_ms: int) -> None:
    """Make what the gateway of that user told so much older."""
    with redis.Redis.from_url(url) as server:
        for gateway, told in server.hgetall(presence_key(organization_id)).items():
            entry = orjson.loads(told)
            if user_id in entry["users"]:
                entry["at"] -= by_ms
                server.hset(presence_key(organization_id), gateway, orjson.dumps(entry))
