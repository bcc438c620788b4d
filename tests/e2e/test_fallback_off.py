"""The global fallback switched off, as in production: a report without an organization reaches nobody."""

from pathlib import Path

import httpx

from tests.e2e.dashboard import python
from tests.parts.installation import CALLBACK_TOKEN, started_installation
from tests.parts.part import Part


async def test_a_report_without_an_organization_is_refused(redis_part: Part, tmp_path: Path):
    """422 that names the switch, for both calls; the next report of an organization is all that a socket sees."""
    headers = {"Authorization": f"Bearer {CALLBACK_TOKEN}"}
    with started_installation(redis_part.url, tmp_path, runners=()) as installation:
        token = installation.token("org")
        async with (
            httpx.AsyncClient(base_url=installation.api, headers=headers) as http,
            python(installation.gateways[0], auth={"token": token}) as dashboard,
        ):
            await dashboard.until(lambda d: d.of("auth-success"))
            for path, body in (("update", {"taskId": "t", "status": "RUNNING"}), ("log", {"taskId": "t", "log": "x"})):
                answer = await http.post(f"/executions/{path}", json=body)
                assert (answer.status_code, answer.json()["code"]) == (422, "ORGANIZATION_REQUIRED")
                assert "RUNCAST_GLOBAL_FALLBACK" in answer.json()["error"]
            mine = {"taskId": "mine", "organizationId": "org", "status": "RUNNING"}
            assert (await http.post("/executions/update", json=mine)).status_code == 200
            await dashboard.until(lambda d: d.of("execution-updated"))
            assert [body for name, body in dashboard.events if name != "auth-success"] == [mine]
            metrics = (await http.get("/metrics")).text
    assert "broadcasting globally" not in installation.log_of("api")
    assert "runcast_api_global_fallbacks_total{" not in metrics
