"""A container's stored log, followed as a stream of entries. Blocks: read it in a thread."""

from collections.abc import Generator, Iterable, Iterator
from typing import Any

import requests
import structlog
import urllib3

log = structlog.get_logger()

_HEADER = 8
_READ_BYTES = 65_536
_CONNECT_TIMEOUT_S = 60
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


def entries(container: Any, since: float | None) -> Generator[bytes, None, None]:
    """Yield whole entries with their time stamps until the stream ends: with the container, or early.

    The SDK's own `logs` reads each frame by two small reads and takes one that broke off for a whole one.
    """
    api = container.client.api
    url = f"{api.base_url}/v{api.api_version}/containers/{container.id}/logs"
    wanted = {"stdout": 1, "stderr": 1, "follow": 1, "timestamps": 1, **({"since": f"{since:.6f}"} if since else {})}
    try:
        with api.get(url, params=wanted, stream=True, timeout=(_CONNECT_TIMEOUT_S, None)) as response:
            response.raise_for_status()
            yield from frames(response.raw.stream(_READ_BYTES))
    except _BROKEN as exc:
        log.warning("Output interrupted, resuming", container=container.short_id, reason=type(exc).__name__)


def frames(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the payloads of Docker's multiplexed stream, however it is cut; an incomplete last one is left out.

    https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
    """
    held = b""
    for piece in pieces:
        held += piece
        start = 0
        while len(held) >= start + _HEADER:
            end = start + _HEADER + int.from_bytes(held[start + 4 : start + _HEADER], "big")
            if len(held) < end:
                break
            yield held[start + _HEADER : end]
            start = end
        held = held[start:]
