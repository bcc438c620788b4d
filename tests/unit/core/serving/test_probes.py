"""What `/readyz` says of parts that fail and of parts that do not answer at all."""

import anyio
import httpx
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from runcast_core.model.errors import BusUnavailable
from runcast_core.serving.probes import probe_routes


async def _dead() -> None:
    raise BusUnavailable("no answer")


async def _ready(**checks) -> tuple[int, dict]:
    app = Starlette(routes=probe_routes(checks, CollectorRegistry()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as http:
        answer = await http.get("/readyz")
    return answer.status_code, answer.json()


async def test_a_part_that_fails_or_hangs_is_named(monkeypatch):
    """Each check has its time; the service is unready with the reason of every part, and never hangs itself."""
    monkeypatch.setattr("runcast_core.serving.probes.READY_TIMEOUT_S", 0.05)
    with anyio.fail_after(5):
        answer = await _ready(store=anyio.sleep_forever, redis=_dead, other=lambda: anyio.sleep(0))
    assert answer == (503, {"ready": False, "faults": {"store": "TIMEOUT", "redis": "BUS_UNAVAILABLE"}})
