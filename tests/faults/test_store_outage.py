"""A MongoDB that cannot be reached for a while: what runs goes on, and its output is complete, also over a kill."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import orjson
import pytest

from runcast_core.model.identifiers import new_id
from tests.parts.balancer import Balancer, balanced
from tests.parts.conditions import until
from tests.parts.installation import Installation, Service, started_installation
from tests.parts.mongodb import database_url
from tests.parts.part import Part

ORGANIZATION, TASK = "org", "t1"
LAST = 300_000
LONG_S = 60
TEXT = "".join(f"{line}\n" for line in ["begun", *range(1, LAST + 1)])


class Ground:
    """An installation whose runner has a way of its own to MongoDB, and an execution that prints much when told."""

    def __init__(
        self, installation: Installation, folder: Path, mongodb_url: str, way: Balancer, http: httpx.AsyncClient
    ) -> None:
        self._installation = installation
        self._folder = folder
        self._target = [*way.targets]
        self._way = way
        self._http = http
        address = urlsplit(mongodb_url)
        netloc = address.netloc.replace(address.netloc.rpartition("@")[2], urlsplit(way.url).netloc)
        self._url = address._replace(netloc=netloc).geturl()

    @asynccontextmanager
    async def runner(self, lease_ms: int = 30_000) -> AsyncIterator[Service]:
        """Run it while the context is open; ended in a thread, as the way is in this one."""
        settings = {"MONGODB_URL": self._url, "RUNCAST_LEASE_MS": str(lease_ms), "RUNCAST_DRAIN": "0.2"}
        stack = ExitStack()
        try:
            yield stack.enter_context(self._installation.running_runner("runner", ready=False, **settings))
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(stack.close)

    def said(self, what: str) -> int:
        """Return how often the runner logged this."""
        return self._installation.log_of("runner").count(what)

    async def begin(self, then: str = "true") -> None:
        """Have a process run, cut the way, and let it print."""
        wait = f"while [ ! -e {self._folder}/go ]; do sleep 0.05; done"
        command = f"echo begun; {wait}; seq {LAST}; touch {self._folder}/printed; {then}"
        body = {"taskId": TASK, "image": "local", "command": command}
        (await self._http.post("/api/execution-request", json=body)).raise_for_status()

        async def begun() -> bool:
            return await self.text() == "begun\n"

        await until(begun, LONG_S)
        self.cut()
        (self._folder / "go").touch()

    def cut(self) -> None:
        self._way.targets.clear()
        self._way.cut()

    def mend(self) -> None:
        self._way.targets += self._target

    async def printed(self) -> None:
        await until((self._folder / "printed").exists, LONG_S)

    @property
    def spilled(self) -> list[dict[str, Any]]:
        """What is on disk now."""
        data = b"".join(path.read_bytes() for path in sorted(self._folder.glob("runcast-spill-*/*.jsonl")))
        return [orjson.loads(line)["chunk"] for line in data.splitlines(keepends=True) if line.endswith(b"\n")]

    async def text(self, attempt: int = 1) -> str:
        query = {"attempt": attempt, "format": "text"}
        return (await self._http.get(f"/api/executions/{TASK}/logs", params=query)).text

    async def seqs(self, attempt: int = 1) -> list[int]:
        seqs: list[int] = []
        while True:
            query = {"attempt": attempt, "after": seqs[-1] if seqs else 0}
            page = (await self._http.get(f"/api/executions/{TASK}/logs", params=query)).json()["chunks"]
            if not page:
                return seqs
            seqs += [chunk["seq"] for chunk in page]

    async def ended(self) -> dict[str, Any]:
        async def shown() -> dict[str, Any] | None:
            execution = (await self._http.get(f"/api/executions/{TASK}")).json()
            return None if execution["status"] in {"PENDING", "RUNNING"} else execution

        return await until(shown, LONG_S)

    async def is_proved(self, shown: dict[str, Any], attempt: int) -> None:
        """Check that the download is just what the attempt's end tells of it."""
        data = (await self.text(attempt)).encode()
        [end] = [one["output"] for one in shown["attempts"] if one["attempt"] == attempt]
        sha256 = hashlib.sha256(data).hexdigest()
        last, lines = (await self.seqs(attempt))[-1], data.count(b"\n")
        assert end == {"lastSeq": last, "bytes": len(data), "sha256": sha256, "lines": lines}


@pytest.fixture
async def ground(mongodb_part: Part, redis_part: Part, tmp_path: Path) -> AsyncIterator[Ground]:
    url = database_url(mongodb_part.url, f"rc_{new_id()}")
    async with AsyncExitStack() as stack:
        stack.enter_context(anyio.fail_after(40))
        way = await stack.enter_async_context(balanced(f"http://{urlsplit(url).netloc.rpartition('@')[2]}"))
        starting = started_installation(redis_part.url, tmp_path, runners=(), MONGODB_URL=url)
        installation = stack.enter_context(starting)
        headers = installation.headers(ORGANIZATION)
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=installation.api, headers=headers, timeout=30)
        )
        yield Ground(installation, tmp_path, url, way, http)


async def test_an_outage_of_the_store_slows_no_process(ground: Ground):
    """It prints all it has while MongoDB is out of reach; then that is there, once, in order, and proved."""
    async with ground.runner():
        await ground.begin()
        await ground.printed()
        await until(lambda: ground.spilled, LONG_S)
        assert await ground.text() == "begun\n"
        ground.mend()
        shown = await ground.ended()
    assert shown["status"] == "PASSED"
    assert await ground.text() == TEXT
    seqs = await ground.seqs()
    assert seqs == list(range(1, len(seqs) + 1))
    await ground.is_proved(shown, 1)


async def test_an_outage_of_several_leases_loses_no_execution(ground: Ground):
    """The container runs on, and its output and result are stored when MongoDB answers: no runner is lost."""
    async with ground.runner(lease_ms=500):
        await ground.begin()
        await until(lambda: ground.said("Lease not renewed") >= 6, LONG_S)  # each of them waits for a lease
        ground.mend()
        shown = await ground.ended()
    assert (shown["status"], shown["attempt"]) == ("PASSED", 1)
    assert await ground.text() == TEXT
    await ground.is_proved(shown, 1)


async def test_what_a_killed_runner_had_on_disk_is_stored_when_it_starts_again(ground: Ground, tmp_path: Path):
    """By kill -9 in the middle of the outage, and a start in it: as the first attempt's output, without gaps."""
    async with ground.runner() as killed:
        await ground.begin(f"[ -e {tmp_path}/again ] || {{ touch {tmp_path}/again; sleep 30; }}")
        spilled = await until(
            lambda: (lines := ground.spilled) and lines[-1]["text"].endswith(str(LAST)) and lines, LONG_S
        )
        killed.process.kill()
    async with ground.runner():
        assert ground.spilled == spilled
        ground.mend()
        shown = await ground.ended()
    assert await ground.text() == TEXT
    assert await ground.seqs() == [1, *(chunk["seq"] for chunk in spilled)]
    assert ground.spilled == []
    assert (shown["status"], shown["attempt"]) == ("PASSED", 2)
    assert await ground.text(2) == TEXT
    await ground.is_proved(shown, 2)
