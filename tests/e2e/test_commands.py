"""What a dashboard may ask of its socket, and what is acknowledged, through the official clients."""

import pytest
import socketio

from runcast_core.bus.bus import Bus
from runcast_core.model.events import EXECUTION_LOG, EXECUTION_UPDATED, Event
from runcast_core.model.identifiers import new_id
from tests.e2e.counters import counted
from tests.e2e.crowd import Client, crowd, official
from tests.parts.installation import Installation

BAD_IDS = [None, "", "a/b", 7, "x" * 129, {"taskId": "t"}]


async def _say(bus: Bus, organization_id: str, *task_ids: str) -> None:
    """Publish output of each task, then a state of the last one."""
    for task_id in task_ids:
        await bus.publish(organization_id, Event(EXECUTION_LOG, task_id, b'{"taskId":"%b"}' % task_id.encode()))
    await bus.publish(organization_id, Event(EXECUTION_UPDATED, task_ids[-1], b'{"taskId":"end"}'))


async def _output(client: Client, times: int) -> list[str]:
    """Return the tasks of which the client saw output, once it saw so many states."""
    await client.until(lambda c: len(c.of(EXECUTION_UPDATED)) == times)
    return [payload["taskId"] for payload in client.of(EXECUTION_LOG)]


@pytest.mark.usefixtures("javascript_client")
async def test_a_socket_narrows_and_widens_what_it_sees(strict: Installation, redis_bus):
    """`watch` and `unwatch` hold from their acknowledgement on; states of all executions come all the while."""
    organization = new_id()
    async with official(strict.gateways[0], strict.token(organization)) as client:
        await _say(redis_bus, organization, "a", "b")
        assert await _output(client, 1) == ["a", "b"]
        assert await client.ask("watch", {"taskId": "a"}) == {"watching": ["a"]}
        await _say(redis_bus, organization, "a", "b")
        assert await _output(client, 2) == ["a", "b", "a"]
        assert await client.ask("watch", {"taskId": "b"}) == {"watching": ["a", "b"]}
        assert await client.ask("unwatch", {"taskId": "a"}) == {"watching": ["b"]}
        await _say(redis_bus, organization, "a", "b")
        assert await _output(client, 3) == ["a", "b", "a", "b"]
        assert await client.ask("unwatch", {"taskId": "b"}) == {"watching": []}
        await _say(redis_bus, organization, "a", "b")
        assert await _output(client, 4) == ["a", "b", "a", "b"]


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_the_handshake_says_what_is_watched(strict: Installation, redis_bus, transport: str):
    """From the first event on, and again on every connection; an empty list is no output at all."""
    organization, url = new_id(), strict.gateways[0]
    token = strict.token(organization)
    async with (
        official(url, token, transport=transport, watch=["b"]) as one,
        official(url, token, transport=transport, watch=[]) as none,
    ):
        await _say(redis_bus, organization, "a", "b")
        assert (await _output(one, 1), await _output(none, 1)) == (["b"], [])
        await one.call("disconnect")
        await one.call("connect")
        await one.welcomed(2)
        await _say(redis_bus, organization, "a", "b")
        assert await _output(one, 2) == ["b", "b"]


@pytest.mark.usefixtures("javascript_client")
async def test_what_cannot_be_watched_is_refused_and_changes_nothing(strict: Installation, redis_bus):
    """An acknowledgement with an error and its code, which is counted; the socket goes on as it was."""
    organization, url = new_id(), strict.gateways[0]
    async with official(url, strict.token(organization)) as client:
        refused = await counted(url, "refused_total", reason="NOT_WATCHING")
        assert (await client.ask("unwatch", {"taskId": "a"}))["code"] == "NOT_WATCHING"
        assert await counted(url, "refused_total", reason="NOT_WATCHING") == refused + 1
        for bad in BAD_IDS:
            assert (await client.ask("watch", {"taskId": bad}))["code"] == "INVALID_TASK_ID"
        assert (await client.ask("watch", "a"))["code"] == "INVALID_TASK_ID"
        await _say(redis_bus, organization, "z")
        assert await _output(client, 1) == ["z"]
        for task_id in "abc":
            await client.ask("watch", {"taskId": task_id})
        answer = await client.ask("watch", {"taskId": "d"})
        assert answer == {"error": "a socket may watch 3 tasks at once", "code": "TOO_MANY_WATCHED"}
        await _say(redis_bus, organization, "a", "d")
        assert await _output(client, 2) == ["z", "a"]
        assert client.of("disconnect") == []


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize(
    ("watch", "code"),
    [
        ("a", "INVALID_WATCH"),
        ({"a": 1}, "INVALID_WATCH"),
        (["a/b"], "INVALID_TASK_ID"),
        ([7], "INVALID_TASK_ID"),
        (list("abcd"), "TOO_MANY_WATCHED"),
    ],
    ids=str,
)
async def test_a_bad_watch_in_the_handshake_is_a_connect_error(strict: Installation, watch, code: str):
    """With its code as `data.code`, and the client does not try again by itself."""
    url = strict.gateways[0]
    auth = {"token": strict.token(new_id()), "watch": watch}
    async with crowd(url, 1, auth=auth, transports=["websocket"]) as clients:
        [client] = clients.clients
        await client.until(lambda c: c.refusals)
        assert client.refusals == [code]
        async with official(url, strict.token(new_id())):
            pass  # in which time a loop would have come back
        assert [name for name, _ in client.happened] == ["connect_error"]


async def test_the_python_client_is_acknowledged_the_same_way(strict: Installation, redis_bus):
    """`call` returns what holds now, or the error."""
    organization = new_id()
    async with socketio.AsyncSimpleClient() as client:
        await client.connect(strict.gateways[0], auth={"token": strict.token(organization)})
        assert await client.call("watch", {"taskId": "a"}) == {"watching": ["a"]}
        assert (await client.call("watch", {"taskId": ""}))["code"] == "INVALID_TASK_ID"
        assert await client.call("unwatch", {"taskId": "a"}) == {"watching": []}
        await _say(redis_bus, organization, "a")
        assert [(await client.receive())[0] for _ in range(2)] == ["auth-success", EXECUTION_UPDATED]


async def test_the_python_client_sees_the_code_of_a_refusal(strict: Installation):
    """In the data of its `connect_error`."""
    client, refusals = socketio.AsyncClient(reconnection=False), []
    client.on("connect_error", refusals.append)
    auth = {"token": strict.token(new_id()), "watch": "a"}
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(strict.gateways[0], auth=auth, transports=["websocket"])
    assert refusals == [{"message": "watch must be a list of task ids", "data": {"code": "INVALID_WATCH"}}]
    await client.disconnect()
