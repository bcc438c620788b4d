"""Reading a container's log, from an engine that fails in the middle of it."""

from contextlib import contextmanager
from types import SimpleNamespace

from structlog.testing import capture_logs

from runcast_runner.docker_log import Entry, entries


def _frame(stream: int, payload: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


def _container(*pieces: bytes) -> SimpleNamespace:
    @contextmanager
    def get(*_, **__):
        yield SimpleNamespace(raise_for_status=lambda: None, raw=SimpleNamespace(stream=lambda _: iter(pieces)))

    api = SimpleNamespace(base_url="http://engine", api_version="1.41", get=get)
    return SimpleNamespace(id="c", short_id="c", client=SimpleNamespace(api=api))


def test_an_error_of_the_engine_is_no_output():
    """It comes as a frame of a stream of its own, without a time stamp: the read ends there, to be resumed."""
    line = _frame(1, b"1970-01-01T00:00:01.000000002Z a\n")
    failed = _frame(3, b"Error grabbing logs: unexpected EOF\n")
    with capture_logs() as logs:
        assert list(entries(_container(line + failed), 0, 60)) == [Entry(1, 1_000_000_002, b"a\n")]
    [warning] = logs
    assert warning["event"] == "Output interrupted, resuming"
    assert "unexpected EOF" in warning["reason"]
