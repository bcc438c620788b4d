"""Answers that are broken off: whoever answers waits until the connection is gone."""

import pytest
from starlette.requests import Request

from runcast_core.serving.broken_answers import abort_extension, break_off


@pytest.mark.parametrize("said", [[], ["http.request"], ["http.request", "http.request"]])
async def test_the_connection_is_ended_and_its_end_awaited(said: list[str]):
    """Whatever of a body is still read before it."""
    done: list[str] = []
    messages = [{"type": kind} for kind in [*said, "http.disconnect"]]

    async def receive() -> dict[str, str]:
        done.append("read")
        return messages.pop(0)

    extensions = abort_extension(lambda: done.append("aborted"))
    await break_off(Request({"type": "http", "path": "/", "headers": [], "extensions": extensions}, receive), "why")
    assert (messages, done) == ([], ["aborted", *["read"] * (len(said) + 1)])


async def test_where_the_server_offers_nothing_it_does_as_it_does():
    async def receive() -> dict[str, str]:
        raise AssertionError("there is nothing to wait for")

    await break_off(Request({"type": "http", "path": "/", "headers": []}, receive), "why")
