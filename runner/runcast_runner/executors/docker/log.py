"""A container's stored log, followed as a stream of entries. Blocks: read it in a thread."""

from collections.abc import Generator, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import filterfalse, takewhile
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
_MAX_CHUNK_BYTES = 16 * 1024 * 1024
_CONNECT_TIMEOUT_S = 60
_SILENT = (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Entry(NamedTuple):
    """A line, or a piece of one over 16 KB: only the last one ends in a newline, and all have the first one's stamp."""

    stream: int
    """1 is standard output, 2 standard error."""
    stamp: int
    """When the engine got it, in nanoseconds since 1970."""
    data: bytes


def entries(container: Any, since: int, silence_s: float) -> Generator[list[Entry], None, None]:
    """Yield the entries with a stamp from `since` on, those together that came together, until the stream ends: with
    the container, or early.

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
            for together in frames(_body(response)):
                yield [entry(*frame) for frame in takewhile(_is_output, together)]
                if failed := next(filterfalse(_is_output, together), None):
                    raise OSError(failed[1].decode(errors="replace"))
    except _SILENT:
        return
    except _BROKEN as exc:
        log.warning("Output interrupted, resuming", container=container.short_id, reason=str(exc)[:500])


def _body(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it comes. urllib3 would yield each chunk of the transfer coding by itself, which the engine
    makes of each line: a third of what a line cost. `_fp` is the one private name of urllib3's used, here alone."""
    raw: Any = response.raw
    if raw.chunked:
        file = raw._fp.fp
        yield from unchunked(iter(lambda: file.read1(_READ_BYTES), b""))
    else:
        yield from raw.stream(_READ_BYTES)


def unchunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Undo the chunked transfer coding (RFC 9112, section 7.1), however it is cut; yield together what came together.
    Raises `OSError` where it breaks off, or is something else."""
    held = b""
    for piece in pieces:
        held += piece
        found, start = [], 0
        while (head := held.find(b"\r\n", start)) >= 0:
            size = _chunk_size(held[start:head])
            end = head + 2 + size
            if not size or len(held) < end + 2:
                break
            found.append(held[head + 2 : end])
            start = end + 2
        if found:
            yield b"".join(found)
        if head >= 0 and not size:
            return
        held = held[start:]
    raise OSError("the answer broke off")


def _chunk_size(head: bytes) -> int:
    try:
        size = int(head.partition(b";")[0], 16)
    except ValueError:
        size = -1
    if not 0 <= size <= _MAX_CHUNK_BYTES:
        raise OSError("the answer is not chunked as it says")
    return size


def _is_output(frame: tuple[int, bytes]) -> bool:
    return frame[0] != _ENGINE_FAILED


def frames(pieces: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """Yield stream and payload of the frames of Docker's multiplexed stream that each piece completes, however it is
    cut; an incomplete last one is left out.

    https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
    """
    held = b""
    for piece in pieces:
        held += piece
        found, start = [], 0
        while len(held) >= start + _HEADER:
            end = start + _HEADER + int.from_bytes(held[start + 4 : start + _HEADER], "big")
            if len(held) < end:
                break
            found.append((held[start], held[start + _HEADER : end]))
            start = end
        held = held[start:]
        yield found


def entry(stream: int, payload: bytes) -> Entry:
    """Read `<RFC 3339 time with nanoseconds> <bytes>`, as the engine sends it when asked for time stamps."""
    stamp = _seconds(payload[:_SECONDS]) * NANO + int(payload[_SECONDS + 1 : _STAMP - 1])
    return Entry(stream, stamp, payload[_STAMP + 1 :])


@lru_cache(maxsize=16)
def _seconds(time: bytes) -> int:
    return int(datetime.fromisoformat(f"{time.decode()}+00:00").timestamp())
