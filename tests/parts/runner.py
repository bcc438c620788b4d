"""A whole runner over a real store, and what tests store for it and see of what it did."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.executions import Execution, Status
from runcast_core.model.identifiers import new_id
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import Executor, Job, Write
from runcast_runner.runner import run_runner
from runcast_runner.settings import RunnerSettings
from tests.parts.conditions import until

ORG = "org"
SETTINGS = {
    "RUNCAST_RUNNER_ID": "r1",
    "RUNCAST_LEASE_MS": "60000",
    "RUNCAST_POLL": "60",
    "RUNCAST_DRAIN": "0",
    "RUNCAST_SPILL_MB": "0",
}


class FaultyStore:
    """A store that can be switched off, as by a network that is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.down = False

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)

        async def call(*arguments: Any, **options: Any) -> Any:
            if self.down:
                raise StoreUnavailable("switched off")
            return await verb(*arguments, **options)

        return call


class Scripted(DummyExecutor):
    """Writes the given pieces of output, then ends or raises."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        super().__init__()
        self._pieces = pieces
        self._error = error

    async def behave(self, job: Job, write: Write) -> int:
        for piece in self._pieces:
            await write(piece)
        if self._error is not None:
            raise self._error
        return 0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite://{tmp_path}/runcast.sqlite") as store:
        yield store


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@asynccontextmanager
async def running_runner(
    store: Store,
    bus: MemoryBus,
    executor: Executor,
    registry: CollectorRegistry | None = None,
    shutdown: anyio.Event | None = None,
    **settings: str,
) -> AsyncIterator[anyio.Event]:
    """Run a runner; leaving the context drains it, and takes 20 s at most."""
    shutdown = shutdown or anyio.Event()
    parts = {"store": store, "bus": bus, "executor": executor, "registry": registry}

    async def run() -> None:
        await run_runner(RunnerSettings.from_mapping({**SETTINGS, **settings}), shutdown=shutdown, **parts)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            yield shutdown
            shutdown.set()


async def dummy_request(
    store: Store, organization_id: str = ORG, timeout: float | None = None, **behaviour: str
) -> str:
    """Store an execution whose dummy does as told; return its task id."""
    variables = {f"DUMMY_{name.upper()}": value for name, value in behaviour.items()}
    config = {"envVars": variables, **({"timeoutSeconds": timeout} if timeout else {})}
    return await stored(store, {"image": "image", "config": config}, organization_id)


async def stored(store: Store, request: dict[str, Any], organization_id: str = ORG, **fields: Any) -> str:
    now = now_ms()
    task_id = fields.pop("task_id", None) or new_id()
    execution = Execution(organization_id, task_id, request["image"], now, now, request=request, **fields)
    await store.create_execution(execution)
    await store.announced(organization_id, execution.task_id, execution.rev)
    return execution.task_id


async def wake(bus: MemoryBus) -> None:
    await bus.signal(Signal(SignalKind.WAKE))


async def until_status(store: Store, task_id: str, *statuses: Status, organization_id: str = ORG) -> Execution:
    """Wait until the execution has one of the statuses, a terminal one unless told."""
    seen: list[Execution] = []

    async def reached() -> Execution | None:
        execution = await store.execution(organization_id, task_id)
        assert execution is not None
        seen.append(execution)
        return execution if execution.status in statuses or (not statuses and execution.status.terminal) else None

    return await until(reached, instead=lambda: seen[-1:])


def events_of(bus: MemoryBus, task_id: str) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, orjson.loads(event.payload)) for _, event in bus.published if event.task_id == task_id]


async def stored_output(store: Store, task_id: str, attempt: int = 1) -> list[str]:
    chunks = await store.read_logs(ORG, task_id, attempt=attempt)
    return "\n".join(chunk.text for chunk in chunks).split("\n") if chunks else []


def statuses_of(bus: MemoryBus, task_id: str) -> list[str]:
    return [body["status"] for name, body in events_of(bus, task_id) if name == "execution-updated"]
