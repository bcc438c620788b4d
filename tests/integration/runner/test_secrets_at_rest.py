"""Secret values, from the request to the container's end, are plain nowhere but in the container."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pymongo
import pytest
from structlog.testing import capture_logs

from runcast_api.app import create_app
from runcast_api.settings import ApiSettings
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.executions import Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.runner import run_runner
from runcast_runner.settings import RunnerSettings
from tests.parts.api import SECRET, SECRETS_KEY, bearer
from tests.parts.conditions import until
from tests.parts.stores import store_url  # noqa: F401 - a fixture

VALUES = ("s3cret-of-secrets", "s3cret-of-envVars", "s3cret-of-environment")
REQUEST: dict[str, Any] = {
    "image": "local",
    "command": 'echo "begin $A"; echo "$B" >&2; echo "${#A} ${#B} ${#C}"',
    "config": {
        "secrets": {"A": VALUES[0]},
        "envVars": {"B": {"value": VALUES[1], "secret": True}, "MODE": "fast"},
        "environment": {"C": {"value": VALUES[2], "secret": True}},
    },
}
SETTINGS = {"JWT_SECRET": SECRET, "RUNCAST_SECRETS_KEY": SECRETS_KEY, "RUNCAST_DRAIN": "5", "RUNCAST_SPILL_MB": "0"}


@dataclass
class Installation:
    """An api and a runner in this process, and every text that the api answered."""

    http: httpx2.AsyncClient
    store: Store
    bus: MemoryBus
    answers: list[str] = field(default_factory=list)

    async def call(self, method: str, path: str, **request: Any) -> Any:
        answer = await self.http.request(method, path, headers=bearer(), **request)
        self.answers.append(f"{answer.headers} {answer.text}")
        return answer.json()

    async def ended(self, task_id: str) -> Status:
        async def end() -> Status | None:
            await self.bus.signal(Signal(SignalKind.WAKE, "org_a"))
            execution = await self.store.execution("org_a", task_id)
            return execution.status if execution is not None and execution.status.terminal else None

        return await until(end)


@asynccontextmanager
async def installed(url: str, folder: Path) -> AsyncIterator[Installation]:
    bus, shutdown = MemoryBus(), anyio.Event()
    executor = ProcessExecutor(folder / "processes", allowed=True)

    async def run(store: Store) -> None:
        settings = RunnerSettings.from_mapping(SETTINGS)
        await run_runner(settings, store=store, bus=bus, executor=executor, shutdown=shutdown)

    async with open_store(url) as store, anyio.create_task_group() as tasks:
        app = create_app(ApiSettings.from_mapping(SETTINGS), store=store, bus=bus)
        client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://api")
        async with app.router.lifespan_context(app), client as http:
            tasks.start_soon(run, store)
            yield Installation(http, store, bus)
            shutdown.set()


async def test_secret_values_are_plain_nowhere(store_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture):  # noqa: F811
    """Not in the store's raw bytes, events, answers or log lines: of a request, its repetition, rerun and conflict."""
    caplog.set_level(0)
    with capture_logs() as logs:
        async with installed(store_url, tmp_path) as runcast:
            for task_id in ("t1", "t1"):
                await runcast.call("POST", "/api/execution-request", json={**REQUEST, "taskId": task_id})
            other = {**REQUEST, "taskId": "t1", "command": "true"}
            assert (await runcast.call("POST", "/api/execution-request", json=other))["code"] == "TASK_EXISTS"
            assert await runcast.ended("t1") is Status.PASSED
            again = (await runcast.call("POST", "/api/executions/t1/rerun"))["taskId"]
            assert await runcast.ended(again) is Status.PASSED
            for path in ("", "/t1", f"/{again}", "/t1/logs", f"/{again}/logs"):
                await runcast.call("GET", f"/api/executions{path}")
            stored = dump(store_url)  # while it is open: SQLite's write-ahead log is there
            events = [event.payload for _, event in runcast.bus.published]
        lengths = " ".join(str(len(value)) for value in VALUES)
    assert sum(lengths in answer for answer in runcast.answers) == 2  # both containers had the values
    assert again.encode() in stored
    assert b"sealed" in stored
    told = stored + repr((events, runcast.answers, logs, caplog.text)).encode()
    assert [value for value in VALUES if value.encode() in told] == []
    assert not [answer for answer in runcast.answers if "sealed" in answer]


def dump(url: str) -> bytes:
    """Return all that the store holds, as it lies there."""
    if url.startswith("sqlite://"):
        path = Path(url.removeprefix("sqlite://"))
        files = sorted(path.parent.glob(f"{path.name}*"))
        assert f"{path.name}-wal" in [file.name for file in files]
        return b"".join(file.read_bytes() for file in files)
    with pymongo.MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        return repr([list(database[name].find()) for name in database.list_collection_names()]).encode()
