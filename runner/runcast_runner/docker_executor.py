"""Runs containers on a Docker engine. The SDK blocks, so every call of it runs in a thread."""

import os
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import anyio
import anyio.lowlevel
import anyio.to_thread
import docker
import requests
import structlog
import urllib3
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from runcast_core.errors import ExecutorError
from runcast_runner.daemon_thread import in_daemon_thread
from runcast_runner.docker_image import pull
from runcast_runner.docker_log import entries
from runcast_runner.executor import Job, Write
from runcast_runner.log_place import LogPlace
from runcast_runner.thread_pipe import ThreadPipe

log = structlog.get_logger()
T = TypeVar("T")

LABEL = "runcast"
NANO = 1_000_000_000
LEAST_CPUS = 0.01
"""The engine refuses fewer, and more than its host has."""
LOG_SIZE = {"max-size": "100m", "max-file": "2"}
SILENCE_S = 60
"""How long no output is waited for before the engine is asked whether the container, and it itself, still runs."""
_FAILURES = (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_NO_ANSWER = (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError)
_DEFAULT_HOST = "unix:///var/run/docker.sock"
_TIMEOUT_S = 60
_CLEANUP_S = 30
_FLUSH_S = 5
"""How long the rest of a stopped container's output is waited for."""
_RESUME_PAUSE_S = 0.2


class DockerExecutor:
    """See `runcast_runner.executor.Executor`. Containers carry labels with organization, task, attempt and runner."""

    name = "docker"

    def __init__(
        self,
        client: Any,
        runner_id: str,
        *,
        host_cpus: int,
        kill_grace_s: int = 10,
        silence_s: float = SILENCE_S,
        pull_timeout_s: float = 600,
        start_timeout_s: float = 60,
    ) -> None:
        self._client = client
        self._runner_id = runner_id
        self._host_cpus = host_cpus
        self._kill_grace_s = kill_grace_s
        self._silence_s = silence_s
        self._pull_timeout_s = pull_timeout_s
        self._start_timeout_s = start_timeout_s
        self._threads = anyio.CapacityLimiter(256)

    async def prepare(self, job: Job) -> None:
        if job.image == "local":
            raise ExecutorError('image "local" is for the process executor; name a container image')
        await self._ensure_image(job.image)

    async def run(self, job: Job, write: Write) -> int:
        container = await self._created(job)
        try:
            await self._start(container)
            await self._follow_to_end(container, write)
            result = await self._call("the end of the container is unknown", container.wait)
            return int(result["StatusCode"])
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(self._kill_grace_s + _CLEANUP_S):
                await self._thread(lambda: self._remove(container))

    async def remove_orphans(self) -> None:
        """Remove the containers that an earlier runner of this name left."""
        wanted = {"all": True, "filters": {"label": f"{LABEL}.runner={self._runner_id}"}, "ignore_removed": True}
        found = await self._call("containers could not be listed", lambda: self._client.containers.list(**wanted))
        for container in found:
            log.warning("Orphaned container removed", container=container.short_id)
            await self._thread(partial(self._remove, container))

    async def _ensure_image(self, image: str) -> None:
        try:
            await self._thread(lambda: self._client.images.get(image))
        except ImageNotFound:
            await self._pull(image)
        except _FAILURES as exc:
            raise ExecutorError(f"the container engine failed: {_reason(exc)}") from exc

    async def _pull(self, image: str) -> None:
        try:
            with anyio.fail_after(self._pull_timeout_s) as limit:
                await in_daemon_thread(f"pull-{image}", partial(pull, self._client, image))
        except _FAILURES as exc:
            if limit.cancelled_caught:
                raise ExecutorError(f"image {image} was not pulled within {self._pull_timeout_s:g} s") from exc
            raise ExecutorError(f"image {image} could not be pulled: {_reason(exc)}") from exc

    async def _start(self, container: Any) -> None:
        with anyio.move_on_after(self._start_timeout_s):
            await self._call("container could not be started", container.start)
            return
        raise ExecutorError(f"container was not started within {self._start_timeout_s:g} s")

    async def _created(self, job: Job) -> Any:
        """Create the container; whoever is cancelled meanwhile waits for it, so that it can be removed."""
        try:
            return await anyio.to_thread.run_sync(lambda: self._create(job), limiter=self._threads)
        except _FAILURES as exc:
            raise ExecutorError(f"container could not be created: {_reason(exc)}") from exc

    def _create(self, job: Job) -> Any:
        command = ["/bin/sh", "-c", job.command] if isinstance(job.command, str) else job.command
        labels = {"organization": job.organization_id, "task": job.task_id, "attempt": str(job.attempt)}
        return self._client.containers.create(
            job.image,
            command,
            environment=dict(job.environment),
            labels={f"{LABEL}.{name}": value for name, value in {**labels, "runner": self._runner_id}.items()},
            mem_limit=f"{job.limits.memory_mb}m",
            memswap_limit=f"{job.limits.memory_mb}m",
            nano_cpus=int(max(LEAST_CPUS, min(job.limits.cpus, self._host_cpus)) * NANO),
            pids_limit=job.limits.pids,
            security_opt=["no-new-privileges"],
            log_config={"Type": "json-file", "Config": LOG_SIZE},
            init=False,
        )

    async def _follow_to_end(self, container: Any, write: Write) -> None:
        """Follow the container; when cancelled, stop it and still pass on what it says until its end."""
        reading = anyio.CancelScope(shield=True)
        ended = False

        async def stop_when_cancelled() -> None:
            try:
                await anyio.sleep_forever()
            finally:
                if not ended:
                    reading.deadline = anyio.current_time() + self._kill_grace_s + _FLUSH_S
                    with anyio.CancelScope(shield=True), anyio.move_on_at(reading.deadline):
                        await self._thread(lambda: self._stop(container))

        failure: Exception | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stop_when_cancelled)
            with reading:
                try:
                    await self._follow(container, write)
                except Exception as exc:
                    failure = exc
            ended = True
            tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        await anyio.lowlevel.checkpoint()

    async def _follow(self, container: Any, write: Write) -> None:
        """Pass on standard output and error, in order, until the container has ended and its log is read to the end."""
        place = LogPlace()
        running = True
        while running:
            running = await self._call("the state of the container is unknown", lambda: _runs(container))
            begun = anyio.current_time()
            await self._read_log(container, place, write)
            if running and anyio.current_time() < begun + _RESUME_PAUSE_S:
                await anyio.sleep(_RESUME_PAUSE_S / 10)

    async def _read_log(self, container: Any, place: LogPlace, write: Write) -> None:
        """Pass the log on from `place` until its stream ends, which a broken connection does early."""
        pipe = ThreadPipe()
        since = place.resume()

        def read() -> None:
            try:
                with closing(entries(container, since, self._silence_s)) as stream:
                    for together in stream:
                        if not pipe.put(list(chain.from_iterable(map(place.take, together)))):
                            return
            finally:
                pipe.end()

        threading.Thread(target=read, name=f"log-{container.short_id}", daemon=True).start()
        try:
            while (pieces := await pipe.read()) is not None:
                for stream, data in pieces:
                    await write(data, stream)
        finally:
            pipe.close()

    def _stop(self, container: Any) -> None:
        try:
            container.stop(timeout=self._kill_grace_s)
        except _FAILURES as exc:
            log.warning("Container not stopped", container=container.short_id, reason=_reason(exc))

    def _remove(self, container: Any) -> None:
        self._stop(container)
        try:
            container.remove(force=True, v=True)
        except NotFound:
            return
        except _FAILURES as exc:
            log.warning("Container not removed", container=container.short_id, reason=_reason(exc))

    async def _call(self, what: str, job: Callable[[], T]) -> T:
        try:
            return await self._thread(job)
        except _FAILURES as exc:
            raise ExecutorError(f"{what}: {_reason(exc)}") from exc

    async def _thread(self, job: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(job, abandon_on_cancel=True, limiter=self._threads)


def _runs(container: Any) -> bool:
    container.reload()
    return container.status not in {"exited", "dead"}


def connect_docker(runner_id: str, *, kill_grace_s: int, **limits: float) -> DockerExecutor:
    """Return an executor on the engine of `DOCKER_HOST`. Raises `ExecutorError` if none answers."""
    try:
        client = docker.from_env(timeout=_TIMEOUT_S + int(limits.get("start_timeout_s", 0)))
        host_cpus = client.info()["NCPU"]
    except _FAILURES as exc:
        address = os.environ.get("DOCKER_HOST") or _DEFAULT_HOST
        raise ExecutorError(f"no container engine answered at {address}; start one, or set DOCKER_HOST") from exc
    return DockerExecutor(client, runner_id, host_cpus=host_cpus, kill_grace_s=kill_grace_s, **limits)


def _reason(error: Exception) -> str:
    if isinstance(error, _NO_ANSWER):
        return "the container engine does not answer"
    text = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    return str(text)
