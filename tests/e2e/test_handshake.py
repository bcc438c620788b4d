"""Who may connect, through the official clients against a real gateway."""

import time
from typing import Any

import jwt
import pytest

from runcast_core.model.accounts import Role
from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import Dashboard, javascript, python
from tests.parts.installation import SECRET, Installation

CLAIMS: dict[str, Any] = {"userId": "u1", "organizationId": "o1", "role": "viewer", "exp": int(time.time()) + 600}

BAD = {
    "garbage": "garbage",
    "expired": jwt.encode({**CLAIMS, "exp": 1_000_000}, SECRET, algorithm="HS256"),
    "without exp": jwt.encode({k: v for k, v in CLAIMS.items() if k != "exp"}, SECRET, algorithm="HS256"),
    "wrongly signed": jwt.encode(CLAIMS, "another secret of thirty-two characters", algorithm="HS256"),
    "alg none": jwt.encode(CLAIMS, None, algorithm="none"),
    "another algorithm": jwt.encode(CLAIMS, SECRET * 2, algorithm="HS512"),
    "bad organization": jwt.encode({**CLAIMS, "organizationId": "a}b"}, SECRET, algorithm="HS256"),
    "bad role": jwt.encode({**CLAIMS, "role": "owner"}, SECRET, algorithm="HS256"),
    "number": 7,
    "object": {"token": "x"},
    "list": ["x"],
    "too long": "x" * 9000,
}


async def _refused_for_good(dashboard: Dashboard, error: str) -> None:
    await dashboard.until(lambda d: d.of("disconnect"))
    assert [h for h in dashboard.happened if h[0] != "connect"] == [
        ("auth-error", {"error": error}),
        ("disconnect", dashboard.of("disconnect")[0]),
    ]


@pytest.mark.parametrize("auth", [{}, {"token": None}, {"token": ""}, None], ids=str)
@pytest.mark.usefixtures("javascript_client")
async def test_no_token_is_told_so_and_stays_away(installation: Installation, auth):
    """`Authentication required`, then disconnected by the server, without a reconnect loop."""
    options = {} if auth is None else {"auth": auth}
    async with javascript(installation.gateways[0], **options) as dashboard:
        await _refused_for_good(dashboard, "Authentication required")
        assert dashboard.of("disconnect") == ["io server disconnect"]
        async with javascript(installation.gateways[0], auth={"token": installation.token("witness")}) as witness:
            await witness.until(lambda d: d.of("auth-success"))  # in which time a loop would have come back
        assert len(dashboard.of("connect")) == 1


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.usefixtures("javascript_client")
async def test_a_bad_token_is_told_so_and_stays_away(installation: Installation, kind: str):
    """`Invalid or expired token` for every kind of it."""
    transports = ["websocket"] if kind != "garbage" else ["polling", "websocket"]
    async with javascript(installation.gateways[0], auth={"token": BAD[kind]}, transports=transports) as dashboard:
        await _refused_for_good(dashboard, "Invalid or expired token")
        assert dashboard.of("disconnect") == ["io server disconnect"]


async def test_the_python_client_is_refused_the_same_way(installation: Installation):
    """The same event, then disconnected."""
    async with python(installation.gateways[0], auth={"token": "bad"}) as dashboard:
        await _refused_for_good(dashboard, "Invalid or expired token")


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="-".join)
async def test_a_good_token_is_welcomed(installation: Installation, transports):
    """`auth-success` names who one is, also in an organization that no store has heard of."""
    organization = new_id()
    token = installation.token(organization, Role.DEVELOPER)
    user = jwt.decode(token, options={"verify_signature": False})["userId"]
    async with javascript(installation.gateways[0], auth={"token": token}, transports=transports) as dashboard:
        await dashboard.until(lambda d: d.events)
        assert dashboard.events == [
            (
                "auth-success",
                {
                    "message": "Connected to organization channel",
                    "organizationId": organization,
                    "userId": user,
                    "role": "developer",
                },
            )
        ]


@pytest.mark.usefixtures("javascript_client")
async def test_another_namespace_does_not_exist(installation: Installation):
    """A namespace named like a room is a `connect_error`."""
    options = {"auth": {"token": installation.token("a")}, "namespace": "/org:b", "reconnection": False}
    async with javascript(installation.gateways[0], **options) as dashboard:
        await dashboard.until(lambda d: d.of("connect_error"))
        assert dashboard.happened == [("connect_error", "Invalid namespace")]


async def test_the_log_says_who_came_who_was_refused_and_never_the_token(installation: Installation):
    """ORIGINAL's words and fields; counters for refusals and sockets."""
    token = installation.token("logged")
    async with python(installation.gateways[1], auth={"token": token}) as dashboard:
        await dashboard.until(lambda d: d.of("auth-success"))
    async with python(installation.gateways[1], auth={"token": "never-in-the-log"}) as refused:
        await refused.until(lambda d: d.of("disconnect"))
    async with python(installation.gateways[1]) as missing:
        await missing.until(lambda d: d.of("disconnect"))
    log = installation.log_of("gateway-2")
    for words in ("Socket connected", "Socket disconnected", "Socket connection rejected"):
        assert words in log
    for field in ('"organization":"logged"', '"room":"org:logged"', '"No token provided"', '"Invalid token"'):
        assert field in log
    assert "never-in-the-log" not in log
    assert token not in log
