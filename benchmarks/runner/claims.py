"""How many executions eight runners claim and end a second, on each store.

`python -m benchmarks.runner.claims STORE_URL RUNNER_ID` is one of them: it prints `ready`, begins when it is told a
line, claims until nothing is left, and prints how many that were.
"""

import sys
import time
from contextlib import AbstractContextManager, ExitStack

import anyio
import anyio.to_thread

from benchmarks.dialogue import Dialogue, dialogue
from runcast_core.model.clock import now_ms
from runcast_core.model.executions import DEFAULT_POOL, Execution, Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store

RUNNERS = 8
ORGANIZATIONS = 8
LEASE_MS = 60_000
LIMIT = 1_000
POOLS = (DEFAULT_POOL,)
WITHIN_S = 120.0


def claims_per_second(store_url: str, count: int) -> float:
    """Fill the queues of some organizations, let the runners empty them, and check that each was claimed once."""
    anyio.run(_fill, store_url, count)
    with ExitStack() as stack:
        runners = [stack.enter_context(_runner(store_url, number)) for number in range(RUNNERS)]
        for runner in runners:
            runner.hear("ready", within_s=WITHIN_S)
        begun = time.monotonic()
        for runner in runners:
            runner.say("go")
        claimed = sum(int(runner.hear("claimed", within_s=WITHIN_S)[0]) for runner in runners)
        seconds = time.monotonic() - begun
    if claimed != count:
        raise RuntimeError(f"{claimed} claims of {count} executions")
    return count / seconds


def _runner(store_url: str, number: int) -> AbstractContextManager[Dialogue]:
    return dialogue(f"runner {number}", [sys.executable, "-m", "benchmarks.runner.claims", store_url, f"r{number}"])


async def _fill(store_url: str, count: int) -> None:
    async with open_store(store_url) as store:
        for number in range(count):
            now = now_ms()
            execution = Execution(f"o{number % ORGANIZATIONS}", f"t{number}", "image", now, now)
            await store.create_execution(execution)
            await store.announced(execution.organization_id, execution.task_id, execution.rev)


async def _claim_all(store_url: str, runner_id: str) -> None:
    async with open_store(store_url) as store:
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)
        claimed = 0
        while found := await _claim(store, runner_id):
            claimed += found
        print("claimed", claimed, flush=True)


async def _claim(store: Store, runner_id: str) -> int:
    """Claim one of each organization that has something queued, and end it; return how many that were."""
    claimed = 0
    for backlog in await store.backlogs(POOLS):
        execution = await store.claim(
            backlog.organization_id, runner_id=runner_id, lease_ms=LEASE_MS, limit=LIMIT, pools=POOLS
        )
        if execution is not None:
            claimed += 1
            await store.transition(execution.organization_id, execution.task_id, execution.fence, Status.PASSED)
    return claimed


if __name__ == "__main__":
    anyio.run(_claim_all, sys.argv[1], sys.argv[2])
