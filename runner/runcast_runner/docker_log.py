"""A container's stored log, followed as a stream of entries. Blocks: read it in a thread."""

from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import requests
import structlog
import urllib3

log = structlog.get_logger()

NANO = 1_000_000_000
_HEADER = 8
_ENGINE_FAILED = 3
_STAMP = 30
_SECONDS = 19
_READ_BYTES = 65_536
_CONNECT_TIMEOUT_S = 60
_SILENT = (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Entry(NamedTuple):
    """A line, or a piece of one over 16 KB: only the last one ends in a newline, and all have the first one's stamp."""

    stream: int
    """1 is standard output, 2 standard error."""
    stamp: int
    """When the engine got it, in nanoseconds since 1970."""
    data: bytes


def entries(container: Any, since: int, silence_s: float) -> Generator[Entry, None, None]:
    """Yield the entries with a stamp from `since` on until the stream ends: with the container, or early.

    It also ends once nothing came for `silence_s`: a container that has nothing to say looks like an engine whose host
    is gone.

    The SDK's own `logs` reads each frame by two small reads and takes one that broke off for a whole one.
    """
    api = container.client.api
    url = f"{api.base_url}/v{api.api_version}/containers/{container.id}/logs"
    seconds, rest = divmod(since, NANO)
    wanted = {"stdout": 1, "stderr": 1, "follow": 1, "timestamps": 1, "since": f"{seconds}.{rest:09d}"}
    try:
        with api.get(url, params=wanted, stream=True, timeout=(_CONNECT_TIMEOUT_S, silence_s)) as response:
            response.raise_for_status()
            for stream, payload in frames(response.raw.stream(_READ_BYTES)):
                if stream == _ENGINE_FAILED:
                    raise OSError(payload.decode(errors="replace"))
                yield entry(stream, payload)
    except _SILENT:
        return
    except _BROKEN as exc:
        log.warning("Output interrupted, resuming", container=container.short_id, reason=str(exc)[:500])


def frames(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield stream and payload of each frame of Docker's multiplexed stream, however it is cut; an incomplete last one
    is left out.

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
            yield held[start], held[start + _HEADER : end]
            start = end
        held = held[start:]


def entry(stream: int, payload: bytes) -> Entry:
    """Read `<RFC 3339 time with nanoseconds> <bytes>`, as the engine sends it when asked for time stamps."""
    stamp = payload[:_STAMP].decode()
    seconds = int(datetime.fromisoformat(f"{stamp[:_SECONDS]}+00:00").timestamp())
    return Entry(stream, seconds * NANO + int(stamp[_SECONDS + 1 : -1]), payload[_STAMP + 1 :])
