"""Where an identity provider issues the tokens and cannot be asked for its keys for a while."""

from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.e2e.dashboard import javascript
from tests.parts.conditions import until
from tests.parts.identity_provider import IdentityProvider
from tests.parts.installation import Installation, started_installation
from tests.parts.part import Part


async def _postponed(installation: Installation) -> None:
    await until(lambda: installation.log_of("gateway-1").count("Socket connection postponed") >= 6)


async def _answered(http: httpx.AsyncClient) -> bool:
    """Tell whether a call is, for which the api may have to wait until it asks for the keys again."""
    status = (await http.get("/api/executions")).status_code
    assert status in {200, 503}
    return status == 200


@pytest.mark.usefixtures("javascript_client")
async def test_sockets_come_in_once_the_keys_can_be_read(redis_part: Part, tmp_path: Path):
    """Meanwhile nobody is told that a good token is bad: the clients try again by themselves, and calls are 503."""
    with IdentityProvider() as provider:
        keys, provider.body = provider.body, b"busy"
        auth = {"token": provider.token()}
        headers = {"Authorization": f"Bearer {provider.token()}"}
        with started_installation(redis_part.url, tmp_path, runners=(), JWKS_URL=provider.url) as installation:
            url = installation.gateways[0]
            async with (
                httpx.AsyncClient(base_url=installation.api, headers=headers) as http,
                javascript(url, auth=auth, transports=["websocket"]) as one,
                javascript(url, auth=auth, transports=["polling"]) as two,
                javascript(url, auth=auth) as three,
            ):
                await _postponed(installation)
                answer = await http.get("/api/executions")
                assert (answer.status_code, answer.json()["code"]) == (503, "KEYS_UNAVAILABLE")
                assert answer.headers["Retry-After"]
                provider.body = keys
                for dashboard in (one, two, three):
                    await dashboard.until(lambda d: d.of("auth-success"))
                    assert [name for name, _ in dashboard.events if name != "token-expiring"] == ["auth-success"]
                await until(partial(_answered, http))
                account = {"email": "a@example.com", "password": "long enough", "name": "A", "organizationName": "O"}
                assert (await http.post("/api/auth/signup", json=account)).status_code == 403
