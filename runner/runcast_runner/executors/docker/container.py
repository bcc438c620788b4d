"""One container: its output to its end, its stop, its removal."""

import threading
import time
from contextlib import closing
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

import anyio
import structlog
from docker.errors import NotFound

from runcast_core.model.errors import ExecutorError
from runcast_runner.executors.docker.calls import FAILURES, DockerCalls, reason
from runcast_runner.executors.docker.log import entries
from runcast_runner.executors.executor import Write
from runcast_runner.executors.graceful_stop import read_to_the_end
from runcast_runner.executors.log_place import LogPlace
from runcast_runner.executors.thread_pipe import ThreadPipe

log = structlog.get_logger()

STOPPING = "runcast-stopping-"
"""How the name of a container begins that a runner stops: what it says or returns from then on is no result."""
CLEANUP_S = 30
_FLUSH_S = 5
"""How long the rest of a stopped container's output is waited for."""
_RESUME_PAUSE_S = 0.2
_SECONDS = 19


class DockerContainer:
    """See `runcast_runner.executors.executor.Running`."""

    def __init__(self, container: Any, calls: DockerCalls, *, kill_grace_s: int, silence_s: float) -> None:
        self._container = container
        self._calls = calls
        self._kill_grace_s = kill_grace_s
        self._silence_s = silence_s

    @property
    def ran_s(self) -> float:
        """By the engine's note of its start and this machine's clock; 0 if it was not begun when it was looked at."""
        begun = self._container.attrs["State"]["StartedAt"]
        if self._container.status == "created" or begun.startswith("0001-"):
            return 0.0
        return max(0.0, time.time() - datetime.fromisoformat(f"{begun[:_SECONDS]}+00:00").timestamp())

    async def start(self, timeout_s: float) -> None:
        """Start it unless it was. Raises `ExecutorError`."""
        if self._container.status != "created":
            return
        with anyio.move_on_after(timeout_s):
            await self._calls.call("container could not be started", self._container.start)
            return
        raise ExecutorError(f"container was not started within {timeout_s:g} s")

    async def follow(self, write: Write) -> int:
        """Follow the container; when cancelled, stop it and still pass on what it says until its end."""
        stop = partial(self._calls.thread, self._stop)
        await read_to_the_end(partial(self._read, write), stop, self._kill_grace_s + _FLUSH_S)
        result = await self._calls.call("the end of the container is unknown", self._container.wait)
        return int(result["StatusCode"])

    async def remove(self) -> None:
        """Remove it, stopped before if it runs; a failure is a warning."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(self._kill_grace_s + CLEANUP_S):
            await self._calls.thread(self._remove)

    async def _read(self, write: Write) -> None:
        """Pass on standard output and error, in order, until the container has ended and its log is read to the end."""
        place = LogPlace()
        running = True
        while running:
            running = await self._calls.call("the state of the container is unknown", self._runs)
            begun = anyio.current_time()
            await self._read_log(place, write)
            if running and anyio.current_time() < begun + _RESUME_PAUSE_S:
                await anyio.sleep(_RESUME_PAUSE_S / 10)

    async def _read_log(self, place: LogPlace, write: Write) -> None:
        """Pass the log on from `place` until its stream ends, which a broken connection does early."""
        pipe = ThreadPipe()
        since = place.resume()

        def read() -> None:
            try:
                with closing(entries(self._container, since, self._silence_s)) as stream:
                    for together in stream:
                        if not pipe.put(list(chain.from_iterable(map(place.take, together)))):
                            return
            finally:
                pipe.end()

        threading.Thread(target=read, name=f"log-{self._container.short_id}", daemon=True).start()
        try:
            while (pieces := await pipe.read()) is not None:
                for stream, data in pieces:
                    await write(data, stream)
        finally:
            pipe.close()

    def _runs(self) -> bool:
        self._container.reload()
        return self._container.status not in {"exited", "dead"}

    def _stop(self) -> None:
        try:
            if not self._container.name.startswith(STOPPING):
                self._container.rename(STOPPING + self._container.short_id)
            self._container.stop(timeout=self._kill_grace_s)
        except FAILURES as exc:
            log.warning("Container not stopped", container=self._container.short_id, reason=reason(exc))

    def _remove(self) -> None:
        try:
            if self._runs():
                self._stop()
            self._container.remove(force=True, v=True)
        except NotFound:
            return
        except FAILURES as exc:
            log.warning("Container not removed", container=self._container.short_id, reason=reason(exc))
