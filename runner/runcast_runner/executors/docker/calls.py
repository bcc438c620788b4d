"""Calls of Docker's SDK, which blocks: each in a thread, its failures as errors of ours."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
import requests
import urllib3
from docker.errors import APIError, DockerException

from runcast_core.model.errors import ExecutorError

T = TypeVar("T")

FAILURES = (DockerException, requests.RequestException, urllib3.exceptions.HTTPError, OSError)
_NO_ANSWER = (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError)
_MAX_THREADS = 256


class DockerCalls:
    """Threads of their own, so that slow calls take none from others."""

    def __init__(self) -> None:
        self._threads = anyio.CapacityLimiter(_MAX_THREADS)

    async def call(self, what: str, job: Callable[[], T], *, abandon: bool = True) -> T:
        """Return what the job does. Raises `ExecutorError` that begins with `what`. Whoever is cancelled meanwhile
        waits for it unless it may be abandoned."""
        try:
            return await self.thread(job, abandon=abandon)
        except FAILURES as exc:
            raise ExecutorError(f"{what}: {reason(exc)}") from exc

    async def thread(self, job: Callable[[], T], *, abandon: bool = True) -> T:
        return await anyio.to_thread.run_sync(job, abandon_on_cancel=abandon, limiter=self._threads)


def reason(error: Exception) -> str:
    if isinstance(error, _NO_ANSWER):
        return "the container engine does not answer"
    text = error.explanation if isinstance(error, APIError) and error.explanation else str(error)
    return str(text)
