"""`GET /api/activity`: the last hour."""

from datetime import datetime

from runcast_core.model.clock import now_ms
from tests.parts.api import serving
from tests.parts.past import pass_minutes, within_one_minute

MINUTE = 60_000


async def test_the_last_hour_by_minutes(tmp_path):
    """Sixty of them without gaps, this one being the last; another organization's is its own."""
    async with serving(tmp_path) as api:
        await within_one_minute()
        for task_id in ("t1", "t2"):
            await api.requested(task_id)
        await api.call("POST", "/api/executions/t1/cancel")
        await pass_minutes(api.store, 2)
        answer = await api.call("GET", "/api/activity")
        other = (await api.call("GET", "/api/activity", org="org_b")).json()
    told = answer.json()
    assert (answer.status_code, answer.headers["cache-control"], told["stepMs"]) == (200, "no-store", MINUTE)
    assert (len(told["buckets"]), told["from"]) == (60, told["buckets"][0]["at"])
    assert [(each["waiting"], each["running"]) for each in told["buckets"][-4:]] == [(0, 0), (2, 0), (1, 0), (1, 0)]
    times = [_ms(each["at"]) for each in told["buckets"]]
    assert times == list(range(times[0], times[0] + 60 * MINUTE, MINUTE))
    assert times[-1] <= now_ms() < times[-1] + MINUTE == _ms(told["until"])
    assert {(each["waiting"], each["running"]) for each in other["buckets"]} == {(0, 0)}


def _ms(text: str) -> int:
    assert text.endswith("Z")
    return round(datetime.fromisoformat(text).timestamp() * 1000)
