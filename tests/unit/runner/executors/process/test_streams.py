"""The two pipes of a process, written to by the test itself: marks, order, ends."""

import fcntl
import os

import anyio
import pytest

from runcast_runner.executors.process.streams import ProcessStreams


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"], scope="module")
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.mark.parametrize("order", [["stdout", "stderr"], ["stderr", "stdout"]])
async def test_the_stream_written_to_first_is_first(order):
    """However late both are read, and whatever was read before."""
    with ProcessStreams() as streams:
        for turn in range(10):
            for name in order:
                os.write(getattr(streams, name), f"{name} {turn}".encode())
            numbers = {"stdout": 1, "stderr": 2}
            assert await streams.read() == [(numbers[name], f"{name} {turn}".encode()) for name in order]


async def test_a_stream_that_goes_on_meanwhile_keeps_nothing_from_the_other():
    """Neither waits for the other's end, and each is in order."""
    with ProcessStreams() as streams:
        read = {1: b"", 2: b""}
        for turn in range(10):
            os.write(streams.stdout, bytes([turn]) * 65_536)
            os.write(streams.stderr, bytes([turn]))
            for stream, data in await streams.read():
                read[stream] += data
        assert read == {1: b"".join(bytes([n]) * 65_536 for n in range(10)), 2: bytes(range(10))}


async def test_more_than_one_read_takes_is_there_at_the_next():
    """Although the kernel tells of it only once."""
    with ProcessStreams() as streams:
        end = streams.stdout
        assert fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, 262_144) >= 200_000
        os.write(end, bytes(200_000))
        read = 0
        with anyio.fail_after(10):
            while read < 200_000:
                read += sum(len(data) for _, data in await streams.read())


async def test_nothing_comes_after_both_have_ended():
    """What was in them is read first; one may end long before the other."""
    with ProcessStreams() as streams:
        os.write(streams.stderr, b"last")
        streams.begun()
        with anyio.fail_after(10):
            assert await streams.read() == [(2, b"last")]
            assert await streams.read() == []
            assert await streams.read() == []


async def test_no_descriptor_stays():
    """Whether the process was begun or not."""
    before = os.listdir("/proc/self/fd")
    for begun in (True, False):
        with ProcessStreams() as streams:
            if begun:
                streams.begun()
    assert os.listdir("/proc/self/fd") == before
