"""Redis that hangs while a runner prints for several organizations: whoever missed output is told to read it again."""

import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from runcast_core.model.identifiers import new_id
from tests.e2e.crowd import Crowd
from tests.e2e.recovering import Watcher, watchers_of
from tests.parts.conditions import until
from tests.parts.installation import Installation, Service, started_installation
from tests.parts.redis.server import MortalRedis, own_redis

ORGANIZATIONS = 3
EXECUTIONS = 6
LONG_S = 40
Chunk = tuple[str, int, int]
"""A chunk's execution, attempt and seq."""


class Output:
    """What is stored of an organization's output."""

    def __init__(self, organization_id: str, http: httpx.Client) -> None:
        self.organization_id = organization_id
        self.http = http
        self.tasks: list[str] = []

    def request(self, command: str) -> None:
        self.tasks.append(new_id())
        body = {"taskId": self.tasks[-1], "image": "local", "command": command}
        self.http.post("/api/execution-request", json=body).raise_for_status()

    def states(self) -> list[tuple[str, int]]:
        shown = [self.http.get(f"/api/executions/{task_id}").json() for task_id in self.tasks]
        return [(one["status"], one["attempt"]) for one in shown]

    def chunks(self) -> set[Chunk]:
        return {
            (task_id, attempt, seq)
            for task_id in self.tasks
            for attempt in (1, 2)
            for seq in self._seqs(task_id, attempt)
        }

    def _seqs(self, task_id: str, attempt: int) -> Iterator[int]:
        last = 0
        while True:
            query = {"attempt": attempt, "after": last, "limit": 1000}
            page = self.http.get(f"/api/executions/{task_id}/logs", params=query).json()["chunks"]
            if not page:
                return
            yield from (chunk["seq"] for chunk in page)
            last = page[-1]["seq"]


class Reader(Watcher):
    """A client that recovers, which notes what is stored at the moment of each `resync`."""

    def __init__(self, crowd: Crowd[Any], number: int) -> None:
        super().__init__(crowd, number)
        self.output: Output
        self.received: set[Chunk] = set()
        self.told: set[Chunk] = set()
        """What was stored when it was told to read it again."""

    def add(self, name: str, arguments: list[Any]) -> None:
        super().add(name, arguments)
        if name == "execution-log":
            body = arguments[0]
            self.received.add((body["taskId"], body["attempt"], body["seq"]))
        if name == "resync":
            task_id = arguments[0].get("taskId")
            self.told |= {chunk for chunk in self.output.chunks() if task_id in {None, chunk[0]}}

    @property
    def missed(self) -> set[Chunk]:
        return self.output.chunks() - self.received

    @property
    def untold(self) -> set[Chunk]:
        """What it missed, and had no reason to look for since that is stored."""
        return self.missed - self.told

    @property
    def most_told(self) -> int:
        """How often it was told most of all, of one execution."""
        named = [arguments[0].get("taskId") for arguments in self.of("resync")]
        return max(map(named.count, named), default=0)


class Stage:
    """A Redis of one's own, an installation on it, and what of it prints and watches."""

    def __init__(
        self, redis: "subprocess.Popen[bytes]", installation: Installation, folder: Path, outputs: list[Output]
    ) -> None:
        self.installation = installation
        self.outputs = outputs
        self.readers: list[Reader] = []
        self._redis = redis
        self._stop = folder / "stop"

    async def print(self) -> None:
        """Have each organization's executions print, until all of them were heard of."""
        for number in range(EXECUTIONS):
            command = f"n=0; while [ ! -e {self._stop} ]; do n=$((n+1)); echo $n; sleep 0.02; done"
            self.outputs[number % ORGANIZATIONS].request(command)
        for reader in self.readers:
            await reader.until(lambda r: {chunk[0] for chunk in r.received} == set(r.output.tasks))

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self._redis.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._redis.send_signal(signal.SIGCONT)

    async def leaves_out(self, runner: Service) -> None:
        """Wait until the runner counts as much output that it did not publish as there are executions."""

        def counted() -> bool:
            told = httpx.get(f"{runner.url}/metrics").text
            return float(told.split("\nruncast_runner_chunks_unpublished_total ")[1].split("\n")[0]) >= EXECUTIONS

        await until(counted)

    async def ends(self, *states: tuple[str, int]) -> None:
        """Let what prints come to its end, which has to be one of these; then nobody is left untold."""
        self._stop.touch()
        for output in self.outputs:
            await until(lambda output=output: set(output.states()) <= set(states), LONG_S, instead=output.states)
        assert any(reader.missed for reader in self.readers)
        for reader in self.readers:
            await until(lambda reader=reader: not reader.untold, instead=lambda reader=reader: reader.untold)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    settings = {"RUNCAST_LEASE_MS": "3000", "RUNCAST_DRAIN": "0.2"}
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(MortalRedis(own_redis()[1]))
        server = stack.enter_context(redis.running())
        installation = stack.enter_context(started_installation(redis.url, tmp_path, runners=(), **settings))
        outputs: list[Output] = []
        for organization_id in (new_id() for _ in range(ORGANIZATIONS)):
            options = {"base_url": installation.api, "headers": installation.headers(organization_id)}
            outputs.append(Output(organization_id, stack.enter_context(httpx.Client(**options, timeout=30))))
        stage = Stage(server, installation, tmp_path, outputs)
        for number, output in enumerate(stage.outputs):
            url = installation.gateways[number % 2]
            auth = {"token": installation.token(output.organization_id), "recover": True}
            crowd = await stack.enter_async_context(watchers_of(Reader, url, 1, auth=auth, transports=["websocket"]))
            [reader] = crowd.clients
            reader.output = output
            stage.readers.append(reader)
            await reader.connected(1)
        yield stage


async def test_a_redis_that_hangs_leaves_nobody_untold(stage: Stage):
    """Every execution of every organization whose output was left out has a `resync` after that was stored; none has
    a storm of them."""
    with stage.installation.running_runner("runner") as runner:
        await stage.print()
        with stage.hanging():
            await stage.leaves_out(runner)
        await stage.ends(("PASSED", 1))
    assert max(reader.most_told for reader in stage.readers) <= 3


@pytest.mark.parametrize("again", [True, False], ids=["starts again", "is lost"])
async def test_a_runner_killed_while_redis_hangs_leaves_nobody_untold(stage: Stage, again: bool):
    """What it owed died with it: whoever hands its executions back, or ends them after their lease, tells instead."""
    with stage.installation.running_runner("runner", RUNCAST_LEASE_MS="60000" if again else "3000") as killed:
        await stage.print()
        with stage.hanging():
            await stage.leaves_out(killed)
            killed.process.kill()
            killed.process.wait()
    with stage.installation.running_runner("runner" if again else "other"):
        await stage.ends(("PASSED", 2) if again else ("ERROR", 1))
