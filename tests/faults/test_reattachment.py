"""Runners that are killed while their containers run, and started again, with a real engine: on SQLite, and on MongoDB
what leans on the store most."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import Dashboard, python
from tests.parts.conditions import until
from tests.parts.engine import containers_labelled
from tests.parts.installation import Installation, Service, started_installation
from tests.parts.mongodb import database_url
from tests.parts.part import Part

COUNT = (
    "i=0; until [ -e /enough ]; do i=$((i+1)); echo out $i; [ $((i % 7)) -eq 0 ] && echo err $i >&2; {pause} done;"
    "echo in all $i"
)
"""Counts, on both streams, until it is told that it is enough; then says how far it came."""


AN_HOUR_LATER = """
import sys, time

now = time.time
time.time = lambda: now() + 3600 * sys._getframe(1).f_globals["__name__"].endswith("executors.docker.container")
"""
"""Sets the clock by which a process tells how long a container has run."""

both_stores = pytest.mark.parametrize("installation", ["sqlite", "mongodb"], indirect=True)


@pytest.fixture(scope="module")
def installation(
    request: pytest.FixtureRequest, redis_part: Part, busybox_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    settings = {"RUNCAST_EXECUTOR": "docker", "RUNCAST_KILL_GRACE": "0", "RUNCAST_LEASE_MS": "30000"}
    if getattr(request, "param", "sqlite") == "mongodb":
        settings["MONGODB_URL"] = database_url(request.getfixturevalue("mongodb_part").url, f"rc_{new_id()}")
    folder = tmp_path_factory.mktemp("installation")
    with started_installation(redis_part.url, folder, runners=(), **settings) as running:
        yield running


class Scene:
    """One organization with one execution."""

    def __init__(self, installation: Installation, http: httpx.AsyncClient, dashboard: Dashboard, image: str) -> None:
        self.dashboard = dashboard
        self.settings: dict[str, str] = {}
        """Of its runners."""
        self._installation = installation
        self.runner = f"runner-{new_id()}"
        self._http = http
        self._image = image

    def running(self, name: str = "") -> AbstractContextManager[Service]:
        """Run a runner: the scene's own, or another one."""
        return self._installation.running_runner(f"{self.runner}{name}", **self.settings)

    async def request(self, command: str, **config: Any) -> None:
        body = {"taskId": "t", "image": self._image, "command": command, "config": config}
        (await self._http.post("/api/execution-request", json=body)).raise_for_status()

    async def until_printed(self, chunks: int = 1) -> None:
        """Return once so many more chunks came live."""
        begun = len(self.dashboard.of("execution-log"))
        await self.dashboard.until(lambda d: len(d.of("execution-log")) >= begun + chunks)

    async def killed(self, command: str, **config: Any) -> None:
        """Request it on a runner, and kill that once it printed something."""
        with self.running() as runner:
            await self.request(command, **config)
            await self.until_printed()
            runner.process.kill()

    async def until_ended(self, runner: Service) -> None:
        """Return once the runner's process has ended by itself."""
        await until(lambda: runner.process.poll() is not None, 30)

    async def ended(self) -> dict[str, Any]:
        """Wait for its end; return it as the api shows it."""
        await self.dashboard.until(lambda d: any("endedAt" in body for body in d.of("execution-updated")), 40)
        return (await self._http.get("/api/executions/t")).json()

    async def cancel(self) -> None:
        (await self._http.post("/api/executions/t/cancel")).raise_for_status()

    async def output(self) -> bytes:
        return (await self._http.get("/api/executions/t/logs", params={"format": "text"})).content

    def statuses(self) -> list[tuple[str, int]]:
        return [(body["status"], body["attempt"]) for body in self.dashboard.of("execution-updated")]

    async def container(self, job: Callable[[Any], object]) -> None:
        """Do something to its container."""
        await anyio.to_thread.run_sync(lambda: [job(container) for container in self._containers()])

    async def printed(self, text: bytes) -> None:
        """Return once the engine has it of the container, whoever looks."""
        [container] = await anyio.to_thread.run_sync(self._containers)
        await until(lambda: text in container.logs())

    async def no_container(self) -> None:
        async def none() -> bool:
            return await anyio.to_thread.run_sync(self._containers) == []

        await until(none)

    async def enough(self) -> None:
        """Tell one that counts to end."""
        await self.container(lambda container: container.exec_run(["/bin/sh", "-c", ": > /enough"]))

    def _containers(self) -> list[Any]:
        return containers_labelled(f"runcast.runner={self.runner}")


@pytest.fixture
async def scene(installation: Installation, busybox_image: str) -> AsyncIterator[Scene]:
    organization = new_id()
    headers = installation.headers(organization)
    async with (
        httpx.AsyncClient(base_url=installation.api, headers=headers) as http,
        python(installation.gateways[0], auth={"token": installation.token(organization)}) as dashboard,
    ):
        await dashboard.until(lambda d: d.of("auth-success"))
        scene = Scene(installation, http, dashboard, busybox_image)
        yield scene
        await scene.container(lambda container: container.remove(force=True))


@both_stores
async def test_output_goes_on_from_the_last_stored_line(scene: Scene):
    """Three kills: one attempt, each line of both streams once, in order, and the proof is of just that."""
    with scene.running() as runner:
        await scene.request(COUNT.format(pause="sleep 0.002;"))
        await scene.until_printed()
        runner.process.kill()
    for _ in range(2):
        with scene.running() as runner:
            await scene.until_printed(3)
            runner.process.kill()
    with scene.running():
        await scene.until_printed(3)
        await scene.enough()
        ended = await scene.ended()
        await scene.no_container()
    output = await scene.output()
    printed = output.decode().splitlines()
    [lines] = [int(line.removeprefix("in all ")) for line in printed if line.startswith("in all ")]
    assert lines > 100
    assert [line for line in printed if line.startswith("out")] == [f"out {n}" for n in range(1, lines + 1)]
    assert [line for line in printed if line.startswith("err")] == [f"err {n}" for n in range(7, lines + 1, 7)]
    assert len(printed) == lines + lines // 7 + 1
    [attempt] = ended["attempts"]
    proof = attempt["output"]
    assert (ended["status"], ended["attempt"]) == ("PASSED", 1)
    assert (proof["bytes"], proof["sha256"]) == (len(output), hashlib.sha256(output).hexdigest())
    last = scene.dashboard.of("execution-log")[-1]
    assert (last["seq"], last["firstLine"] + last["log"].count("\n")) == (proof["lastSeq"], proof["lines"])
    assert proof["lines"] == len(printed)
    assert scene.statuses() == [("PENDING", 0), ("RUNNING", 1), ("PASSED", 1)]


@both_stores
async def test_a_runner_that_is_told_to_stop_hands_back(scene: Scene):
    """SIGTERM: its container is stopped and removed first, what it printed is kept, and another runs it."""
    scene.settings.update(RUNCAST_DRAIN="0.2", RUNCAST_KILL_GRACE="5")
    with scene.running() as runner:
        await scene.request(
            "trap 'echo ending; exit 0' TERM; echo begun; for i in $(seq 30); do sleep 0.1; done; exit 3"
        )
        await scene.until_printed()
        runner.process.terminate()
        await scene.until_ended(runner)
        await scene.no_container()
    first = await scene.output()
    with scene.running("-other"):
        ended = await scene.ended()
    assert first == b"begun\nending\n"
    assert (ended["status"], ended["attempt"]) == ("FAILED", 2)
    assert scene.statuses() == [("PENDING", 0), ("RUNNING", 1), ("PENDING", 1), ("RUNNING", 2), ("FAILED", 2)]


async def test_a_container_that_is_killed_loses_no_output(scene: Scene):
    """In the middle of much output, by whoever: a result, and every line up to its end, which the proof is of."""
    with scene.running():
        await scene.request(COUNT.format(pause=""))
        await scene.until_printed(5)
        await scene.container(lambda container: container.kill())
        ended = await scene.ended()
    output = await scene.output()
    numbers = [int(line[4:]) for line in output.decode().splitlines() if line.startswith("out")]
    assert (ended["status"], ended["exitCode"]) == ("FAILED", 137)
    assert numbers == list(range(1, len(numbers) + 1))
    proof = ended["attempts"][0]["output"]
    assert (proof["bytes"], proof["sha256"]) == (len(output), hashlib.sha256(output).hexdigest())


async def test_what_ended_while_nobody_looked_has_its_own_result(scene: Scene):
    """Its exit code and all of its output."""
    await scene.killed("echo begun; sleep 1; echo done; exit 3")
    await scene.container(lambda container: container.wait())
    with scene.running():
        ended = await scene.ended()
        await scene.no_container()
    assert (ended["status"], ended["exitCode"], ended["attempt"]) == ("FAILED", 3, 1)
    assert await scene.output() == b"begun\ndone\n"


@both_stores
async def test_what_was_cancelled_while_nobody_looked_is_stopped(scene: Scene):
    """The new runner stops it at once, and keeps what it printed."""
    await scene.killed("echo begun; sleep 1; echo more; sleep 600")
    await scene.cancel()
    with scene.running():
        ended = await scene.ended()
        await scene.no_container()
    assert (ended["status"], ended["attempt"]) == ("CANCELLED", 1)
    assert (await scene.output()).startswith(b"begun\n")


async def test_the_time_limit_counts_from_the_containers_start(scene: Scene, tmp_path: Path):
    """A limit that passed while nobody looked is over: here by the new runner's clock, at which an hour has passed."""
    await scene.killed("echo begun; sleep 2; echo late; sleep 600", timeoutSeconds=600)
    await scene.printed(b"late")
    (tmp_path / "sitecustomize.py").write_text(AN_HOUR_LATER)
    scene.settings["PYTHONPATH"] = str(tmp_path)
    with scene.running():
        ended = await scene.ended()
    assert ended["status"] == "TIMED_OUT"
    assert ended["error"] == "timed out after 600 s"
    assert await scene.output() == b"begun\nlate\n"


async def test_what_is_gone_is_handed_back(scene: Scene):
    """No container, no result: it runs as the next attempt."""
    await scene.killed("echo begun; sleep 2; echo done")
    await scene.container(lambda container: container.remove(force=True))
    with scene.running():
        ended = await scene.ended()
    assert (ended["status"], ended["attempt"]) == ("PASSED", 2)
    assert scene.statuses() == [("PENDING", 0), ("RUNNING", 1), ("PENDING", 1), ("RUNNING", 2), ("PASSED", 2)]


async def test_a_container_that_was_being_stopped_is_no_result(scene: Scene):
    """A runner that was killed in the middle of handing back left it so: whatever it returned, it runs again."""
    await scene.killed(
        "trap 'exit 0' TERM; echo begun; i=0; while [ $i -lt 20 ]; do i=$((i+1)); sleep 0.1; done; exit 3"
    )
    await scene.container(_half_stopped)
    with scene.running():
        ended = await scene.ended()
        await scene.no_container()
    assert (ended["status"], ended["attempt"]) == ("FAILED", 2)


def _half_stopped(container: Any) -> None:
    container.rename(f"runcast-stopping-{container.short_id}")
    container.stop()


@both_stores
async def test_a_container_whose_execution_another_runner_ended_is_removed(scene: Scene):
    """Its own runner finds out at its start; the result stays what the other one said."""
    scene.settings["RUNCAST_LEASE_MS"] = "1000"
    await scene.killed("echo begun; sleep 600")
    with scene.running("-other"):
        ended = await scene.ended()
    with scene.running():
        await scene.no_container()
    assert (ended["status"], ended["error"]) == ("ERROR", "runner lost")


@both_stores
async def test_another_runner_removes_what_a_lost_one_left(scene: Scene):
    """At its start, and each minute: here at a start after the loss."""
    scene.settings["RUNCAST_LEASE_MS"] = "1000"
    await scene.killed("echo begun; sleep 600")
    with scene.running("-other"):
        await scene.ended()
    with scene.running("-third"):
        await scene.no_container()
