"""Reading a container's log, from an engine that fails in the middle of it."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from runcast_runner.executors.docker.log import Entry, entries, unchunked


def _frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


def _container(*pieces: bytes) -> SimpleNamespace:
    @contextmanager
    def get(*_, **__):
        yield SimpleNamespace(
            raise_for_status=lambda: None, raw=SimpleNamespace(chunked=False, stream=lambda _: iter(pieces))
        )

    api = SimpleNamespace(base_url="http://engine", api_version="1.41", get=get)
    return SimpleNamespace(id="c", short_id="c", client=SimpleNamespace(api=api))


def test_an_error_of_the_engine_is_no_output():
    """It comes as a frame of a stream of its own, without a time stamp: the read ends there, to be resumed."""
    line = _frame(1, b"1970-01-01T00:00:01.000000002Z a\n")
    failed = _frame(3, b"Error grabbing logs: unexpected EOF\n")
    with capture_logs() as logs:
        assert list(entries(_container(line + failed), 0, 60)) == [[Entry(1, 1_000_000_002, b"a\n")]]
    [warning] = logs
    assert warning["event"] == "Output interrupted, resuming"
    assert "unexpected EOF" in warning["reason"]


CHUNKED = b"3\r\nabc\r\nB;name=value\r\n0123456789\n\r\n1\r\n\r\r\n0\r\n\r\n"


@pytest.mark.parametrize("size", range(1, len(CHUNKED) + 1))
def test_chunks_are_joined_wherever_they_are_cut(size: int):
    """What came together is given together; nothing after the last chunk is looked at."""
    pieces = [CHUNKED[start : start + size] for start in range(0, len(CHUNKED), size)]
    given = list(unchunked([*pieces, b"more"]))
    assert b"".join(given) == b"abc0123456789\n\r"
    assert len(given) <= len(pieces)
    assert size < len(CHUNKED) or len(given) == 1


@pytest.mark.parametrize("told", [CHUNKED[:-5], CHUNKED[:7], b"", b"x\r\nabc", b"-3\r\nabc\r\n", b"ffffffff\r\nabc"])
def test_what_breaks_off_or_is_not_chunked_is_an_error(told: bytes):
    """And the read is resumed."""
    with pytest.raises(OSError, match="the answer"):
        list(unchunked([told]))
