"""Runs containers on a Docker engine."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import docker
from docker.errors import ImageNotFound, NotFound

from runcast_core.model.errors import ExecutorError
from runcast_core.model.executions import AttemptKey, Phase
from runcast_runner.executors.daemon_thread import in_daemon_thread
from runcast_runner.executors.docker.calls import FAILURES, DockerCalls, reason
from runcast_runner.executors.docker.container import STOPPING, DockerContainer
from runcast_runner.executors.docker.image import pull
from runcast_runner.executors.executor import FoundJob, Job, Tell

LABEL = "runcast"
NANO = 1_000_000_000
LEAST_CPUS = 0.01
"""The engine refuses fewer, and more than its host has."""
LOG_SIZE = {"max-size": "100m", "max-file": "2"}
SILENCE_S = 60
"""How long no output is waited for before the engine is asked whether the container, and it itself, still runs."""
_DEFAULT_HOST = "unix:///var/run/docker.sock"
_TIMEOUT_S = 60
_RESUMABLE = {"created", "running", "exited"}


class ContainerGone(ExecutorError):
    """Somebody removed a container that was found."""


class DockerExecutor:
    """See `runcast_runner.executors.executor.Executor`. Containers carry labels with installation, runner,
    organization, task and attempt."""

    name = "docker"

    def __init__(
        self,
        client: Any,
        runner_id: str,
        *,
        installation: str,
        host_cpus: int,
        kill_grace_s: int = 10,
        silence_s: float = SILENCE_S,
        pull_timeout_s: float = 600,
        start_timeout_s: float = 60,
    ) -> None:
        self._client = client
        self._runner_id = runner_id
        self._installation = installation
        self._host_cpus = host_cpus
        self._kill_grace_s = kill_grace_s
        self._silence_s = silence_s
        self._pull_timeout_s = pull_timeout_s
        self._start_timeout_s = start_timeout_s
        self._calls = DockerCalls()

    async def prepare(self, job: Job, tell: Tell) -> None:
        if job.image == "local":
            raise ExecutorError('image "local" is for the process executor; name a container image')
        try:
            await self._calls.thread(lambda: self._client.images.get(job.image))
        except ImageNotFound:
            await tell(Phase.PULLING)
            await self._pull(job.image)
            await tell(Phase.STARTING)
        except FAILURES as exc:
            raise ExecutorError(f"the container engine failed: {reason(exc)}") from exc

    @asynccontextmanager
    async def running(self, job: Job, found: FoundJob | None = None) -> AsyncIterator[DockerContainer]:
        with anyio.CancelScope(shield=found is not None):  # who is cancelled meanwhile still has to stop it
            container = await (self._created(job) if found is None else self._again(found))
        try:
            await container.start(self._start_timeout_s)
            yield container
        finally:
            await container.remove()

    async def found(self) -> list[FoundJob]:
        """Those of this installation, and those of this runner's name."""
        wanted = {"all": True, "sparse": True, "filters": {"label": f"{LABEL}.runner"}}
        listed = await self._calls.call(
            "containers could not be listed", lambda: self._client.containers.list(**wanted)
        )
        jobs = [_found(container.attrs) for container in listed if self._is_ours(container.attrs["Labels"])]
        return [job for job in jobs if job is not None]

    async def remove(self, found: FoundJob) -> None:
        try:
            container = await self._again(found)
        except ContainerGone:
            return
        await container.remove()

    def _is_ours(self, labels: dict[str, str]) -> bool:
        ours = labels.get(f"{LABEL}.installation") == self._installation
        return ours or labels.get(f"{LABEL}.runner") == self._runner_id

    async def _pull(self, image: str) -> None:
        try:
            with anyio.fail_after(self._pull_timeout_s) as limit:
                await in_daemon_thread(f"pull-{image}", partial(pull, self._client, image))
        except FAILURES as exc:
            if limit.cancelled_caught:
                raise ExecutorError(f"image {image} was not pulled within {self._pull_timeout_s:g} s") from exc
            raise ExecutorError(f"image {image} could not be pulled: {reason(exc)}") from exc

    async def _created(self, job: Job) -> DockerContainer:
        """Create the container; whoever is cancelled meanwhile waits for it, so that it can be removed."""
        create = partial(self._create, job)
        return self._container(await self._calls.call("container could not be created", create, abandon=False))

    async def _again(self, found: FoundJob) -> DockerContainer:
        try:
            get = partial(self._client.containers.get, found.handle)
            return self._container(await self._calls.thread(get))
        except NotFound as exc:
            raise ContainerGone("the container is gone") from exc
        except FAILURES as exc:
            raise ExecutorError(f"the container cannot be looked at: {reason(exc)}") from exc

    def _container(self, container: Any) -> DockerContainer:
        return DockerContainer(container, self._calls, kill_grace_s=self._kill_grace_s, silence_s=self._silence_s)

    def _create(self, job: Job) -> Any:
        command = ["/bin/sh", "-c", job.command] if isinstance(job.command, str) else job.command
        return self._client.containers.create(
            job.image,
            command,
            environment=dict(job.environment),
            labels={f"{LABEL}.{name}": value for name, value in self._labels(job.key).items()},
            mem_limit=f"{job.limits.memory_mb}m",
            memswap_limit=f"{job.limits.memory_mb}m",
            nano_cpus=int(max(LEAST_CPUS, min(job.limits.cpus, self._host_cpus)) * NANO),
            pids_limit=job.limits.pids,
            security_opt=["no-new-privileges"],
            log_config={"Type": "json-file", "Config": LOG_SIZE},
            init=False,
        )

    def _labels(self, key: AttemptKey) -> dict[str, str]:
        labels = {"organization": key.organization_id, "task": key.task_id, "attempt": str(key.attempt)}
        labels["created"] = str(key.created_at)
        return {**labels, "runner": self._runner_id, "installation": self._installation}


def _found(attributes: dict[str, Any]) -> FoundJob | None:
    """Return what an entry of the engine's list of containers says; None if its labels are not whole."""
    labels = attributes["Labels"]
    try:
        own = [labels[f"{LABEL}.{name}"] for name in ("organization", "task")]
        numbers = [int(labels[f"{LABEL}.{name}"]) for name in ("attempt", "created")]
    except (KeyError, ValueError):
        return None
    stopping = any(name.startswith(f"/{STOPPING}") for name in attributes["Names"])
    resumable = attributes["State"] in _RESUMABLE and not stopping
    return FoundJob(AttemptKey(*own, *numbers), labels[f"{LABEL}.runner"], resumable, attributes["Id"])


def connect_docker(runner_id: str, *, installation: str, kill_grace_s: int, **limits: float) -> DockerExecutor:
    """Return an executor on the engine of `DOCKER_HOST`. Raises `ExecutorError` if none answers."""
    try:
        client = docker.from_env(timeout=_TIMEOUT_S + int(limits.get("start_timeout_s", 0)))
        host_cpus = client.info()["NCPU"]
    except FAILURES as exc:
        address = os.environ.get("DOCKER_HOST") or _DEFAULT_HOST
        raise ExecutorError(f"no container engine answered at {address}; start one, or set DOCKER_HOST") from exc
    return DockerExecutor(
        client, runner_id, installation=installation, host_cpus=host_cpus, kill_grace_s=kill_grace_s, **limits
    )
