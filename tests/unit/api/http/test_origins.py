"""Whose pages may call the api, and under which names it answers."""

import pytest

from tests.parts.api import bearer, serving


async def test_origins_of_dashboards(tmp_path):
    """A preflight passes for the origins in RUNCAST_CORS_ORIGINS only, and by default for all."""
    preflight = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    async with serving(tmp_path) as api:
        answer = await api.http.options("/api/executions", headers=preflight)
        assert answer.headers["access-control-allow-origin"] == "*"
    async with serving(tmp_path, RUNCAST_CORS_ORIGINS="https://b.example, https://c.example") as api:
        assert (await api.http.options("/api/executions", headers=preflight)).status_code == 400
        answer = await api.http.options("/api/executions", headers=preflight | {"Origin": "https://c.example"})
        assert answer.headers["access-control-allow-origin"] == "https://c.example"


async def test_pages_of_this_machine_alone(tmp_path):
    """With `loopback` a page of a local server passes the preflight and reads answers; a foreign page does neither."""
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    ours, foreign = {"Origin": "http://localhost:5173"}, {"Origin": "http://localhost.evil.example"}
    async with serving(tmp_path, RUNCAST_CORS_ORIGINS="loopback") as api:
        allowed = await api.http.options("/api/execution-request", headers=preflight | ours)
        assert (allowed.status_code, allowed.headers["access-control-allow-headers"]) == (200, "authorization")
        refused = await api.http.options("/api/execution-request", headers=preflight | foreign)
        assert refused.status_code == 400
        read = await api.http.get("/api/executions", headers=bearer() | ours)
        unread = await api.http.get("/api/executions", headers=bearer() | foreign)
    assert [a.headers.get("access-control-allow-origin") for a in (allowed, read)] == ["http://localhost:5173"] * 2
    assert [a.headers.get("access-control-allow-origin") for a in (refused, unread)] == [None] * 2


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000", "a.b.example"])
async def test_hosts_that_are_named_are_served(tmp_path, host):
    """Whatever the port and the case."""
    async with serving(tmp_path, RUNCAST_ALLOWED_HOSTS="localhost, 127.0.0.1,[::1],*.b.example") as api:
        assert (await api.http.get("/livez", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example:3000", "localhost.evil.example", "b.example", "[::2]", "a@localhost"])
async def test_a_foreign_host_is_refused_before_anything_is_done(tmp_path, host):
    """A page that let its own name resolve to this server gets nothing done; without the setting any name is served."""
    request = {"image": "busybox", "taskId": "t1"}
    async with serving(tmp_path, RUNCAST_ALLOWED_HOSTS="localhost, 127.0.0.1,[::1],*.b.example") as api:
        answer = await api.http.post("/api/execution-request", json=request, headers=bearer() | {"Host": host})
        assert answer.status_code == 400
        assert answer.headers["x-request-id"]
        assert await api.store.execution("org_a", "t1") is None
    async with serving(tmp_path) as api:
        answer = await api.http.post("/api/execution-request", json=request, headers=bearer() | {"Host": host})
        assert answer.status_code == 202
