"""What one client, user or organization may take of a gateway: each refusal is told, and counted."""

import json
from contextlib import AsyncExitStack, suppress

import anyio
import httpx
import pytest
import websockets

from runcast_core.model.identifiers import new_id
from tests.e2e.counters import counted, until_counted, until_gone
from tests.e2e.crowd import crowd, official
from tests.e2e.raw_socket import PATH, PollingSession, RawSocket, raw_socket
from tests.parts.installation import Installation

MESSAGES = 20
"""How many may come at one moment: twice those of a second."""
WITHIN_S = 8
"""After which a gateway that gives two seconds for a handshake must have ended it, on a busy machine too."""
CLOSED = {1008, 1006}
"""Who goes on sending after the close may meet a reset connection before it reads why."""


async def _admitted(stack: AsyncExitStack, installation: Installation, token: str) -> RawSocket:
    raw = await stack.enter_async_context(raw_socket(installation.gateways[0]))
    await raw.connect(token)
    await raw.until("auth-success")
    return raw


@pytest.mark.usefixtures("javascript_client")
async def test_a_user_has_so_many_sockets(strict: Installation):
    """One more is a `connect_error` with a code; it is let in once another one left."""
    organization, url = new_id(), strict.gateways[0]
    token = strict.token(organization)
    refused = await counted(url, "refused_total", reason="TOO_MANY_SOCKETS_OF_USER")
    async with (
        crowd(url, 3, auth={"token": token}, transports=["websocket"]) as first,
        official(url, strict.token(organization)),
    ):
        for client in first.clients:
            await client.welcomed()
        async with crowd(url, 1, auth={"token": token}, transports=["websocket"]) as second:
            [one_more] = second.clients
            await one_more.until(lambda c: c.refusals)
            assert one_more.happened == [
                ("connect_error", ["too many sockets of this user", "TOO_MANY_SOCKETS_OF_USER"])
            ]
            assert await counted(url, "refused_total", reason="TOO_MANY_SOCKETS_OF_USER") == refused + 1
            await first.clients[0].call("disconnect")
            await until_gone(url, organization, left=3)
            await one_more.call("connect")
            await one_more.welcomed()


@pytest.mark.usefixtures("javascript_client")
async def test_an_organization_has_so_many_sockets(strict: Installation):
    """Whoever its users are; other organizations go on."""
    organization, url = new_id(), strict.gateways[0]
    auth = {"token": strict.token(organization)}
    async with AsyncExitStack() as stack:
        full = [await _admitted(stack, strict, strict.token(organization)) for _ in range(60)]
        async with crowd(url, 1, auth=auth, transports=["websocket"]) as clients, official(url, strict.token(new_id())):
            [client] = clients.clients
            await client.until(lambda c: c.refusals)
            assert client.refusals == ["TOO_MANY_SOCKETS_OF_ORGANIZATION"]
            assert await counted(url, "refused_total", reason="TOO_MANY_SOCKETS_OF_ORGANIZATION") >= 1
            await full[0].connection.close()
            await until_gone(url, organization, left=59)
            await client.call("connect")
            await client.welcomed()


async def test_a_message_has_so_many_bytes(strict: Installation):
    """More closes the WebSocket with 1009, or is a 413 of a poll's body; both are counted."""
    url = strict.gateways[0]
    refused = await counted(url, "refused_total", reason="size")
    async with AsyncExitStack() as stack:
        raw = await _admitted(stack, strict, strict.token(new_id()))
        await raw.connection.send('42["watch",{"taskId":"' + "x" * 16_384 + '"}]')
        assert await raw.closed() == 1009
        await until_counted(url, "refused_total", refused + 1, reason="size")
        http = await stack.enter_async_context(httpx.AsyncClient())
        session = await PollingSession.opened(http, url)
        assert await session.post("4" * 16_385) == 413
        await until_counted(url, "refused_total", refused + 2, reason="size")


FLOODS = {
    "events": lambda raw: raw.connection.send('42["x"]'),
    "acknowledgements": lambda raw: raw.connection.send('431["x"]'),
    "engine.io pongs": lambda raw: raw.connection.send("3"),
    "pings": lambda raw: raw.connection.ping(),
    "pongs": lambda raw: raw.connection.pong(),
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_second_has_so_many_messages(strict: Installation, kind: str):
    """Of whatever kind. As many as are granted do no harm, and more close the connection with 1008."""
    organization, url = new_id(), strict.gateways[0]
    refused = await counted(url, "refused_total", reason="messages")
    async with AsyncExitStack() as stack:
        raw = await _admitted(stack, strict, strict.token(organization))
        for _ in range(MESSAGES - 2):
            await FLOODS[kind](raw)
        await raw.connection.send('421["watch",{"taskId":"t"}]')
        await raw.until('431[{"watching":["t"]}]')
        with suppress(websockets.ConnectionClosed):
            for _ in range(3 * MESSAGES):
                await FLOODS[kind](raw)
        assert await raw.closed() in CLOSED
        await until_counted(url, "refused_total", refused + 1, reason="messages")
    await until_gone(url, organization)


async def test_fragments_are_messages_too(strict: Installation):
    """Also empty ones, which no bound on bytes would meet."""
    async with AsyncExitStack() as stack:
        raw = await _admitted(stack, strict, strict.token(new_id()))
        with suppress(websockets.ConnectionClosed):
            await raw.connection.send(["4", *[""] * 3 * MESSAGES])
        assert await raw.closed() in CLOSED


async def test_polls_carry_no_more_messages_than_websockets(strict: Installation):
    """The session ends; its next poll is a 400, after which official clients come back by themselves."""
    url = strict.gateways[0]
    async with httpx.AsyncClient() as http:
        session = await PollingSession.opened(http, url)
        await session.post("40" + json.dumps({"token": strict.token(new_id())}))
        await session.until("auth-success")
        assert await session.post(*['42["x"]'] * 16) == 200
        await session.post(*['42["x"]'] * 16)
        with anyio.fail_after(WITHIN_S):
            while await session.poll() == 200:
                assert session.received[-1] in {"1", "2", "6"}


@pytest.mark.parametrize("say", [[], ["40/foo,"]], ids=["nothing", "another namespace"])
async def test_who_does_not_say_who_it_is_is_closed(strict: Installation, say: list[str]):
    """A WebSocket with 1008, a poll's session altogether; counted once each, on a gateway of which no other test
    asks too much."""
    url = strict.gateways[1]
    refused = await counted(url, "refused_total", reason="handshake")
    async with raw_socket(url) as raw, httpx.AsyncClient(timeout=WITHIN_S) as http:
        session = await PollingSession.opened(http, url)
        for packet in say:
            await raw.connection.send(packet)
            await session.post(packet)
        with anyio.fail_after(WITHIN_S):
            assert await raw.closed() == 1008
            while await session.poll() == 200:
                pass
    assert await counted(url, "refused_total", reason="handshake") == refused + 2


async def test_who_takes_its_word_back_is_closed_too(strict: Installation):
    """After DISCONNECT there may be another CONNECT, but not for ever."""
    async with AsyncExitStack() as stack:
        raw = await _admitted(stack, strict, strict.token(new_id()))
        await raw.connection.send("41")
        with anyio.fail_after(WITHIN_S):
            assert await raw.closed() == 1008


async def test_who_says_goodbye_to_a_session_is_forgotten_at_once(strict: Installation):
    """A poll that waits is answered, the session is gone, and nobody is said to have broken a bound."""
    url = strict.gateways[1]
    refused = await counted(url, "refused_total", reason="handshake")
    async with httpx.AsyncClient(timeout=WITHIN_S) as http, anyio.create_task_group() as tasks:
        waiting, silent = [await PollingSession.opened(http, url) for _ in range(2)]
        await waiting.post("40" + json.dumps({"token": strict.token(new_id())}))
        await waiting.until("auth-success")
        tasks.start_soon(waiting.poll)
        await anyio.wait_all_tasks_blocked()
        for session in (waiting, silent):
            assert await session.post("1") == 200
        assert await waiting.poll() == await silent.poll() == 400
    async with raw_socket(url) as later:  # which was not given less time than they
        with anyio.fail_after(WITHIN_S):
            assert await later.closed() == 1008
    assert await counted(url, "refused_total", reason="handshake") == refused + 1


async def test_an_upgrade_that_is_never_made_ends(strict: Installation):
    """The WebSocket is closed, and its session goes on polling."""
    url = strict.gateways[0]
    async with httpx.AsyncClient(timeout=WITHIN_S) as http:
        session = await PollingSession.opened(http, url)
        await session.post("40" + json.dumps({"token": strict.token(new_id())}))
        await session.until("auth-success")
        sid = session.url.rpartition("=")[2]
        async with websockets.connect(f"{url.replace('http', 'ws')}{PATH}&sid={sid}") as upgrade:
            with anyio.fail_after(WITHIN_S), suppress(websockets.ConnectionClosed):
                await upgrade.recv()
        await session.post('421["watch",{"taskId":"t"}]')
        await session.until('431[{"watching":["t"]}]')


async def test_an_upgrade_that_is_never_asked_for_whole_ends(strict: Installation):
    """As do all connections that do not say what they want."""
    target = httpx.URL(strict.gateways[0])
    async with await anyio.connect_tcp(target.host, target.port or 80) as stream:
        await stream.send(f"GET {PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n".encode())
        with anyio.fail_after(WITHIN_S), pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await stream.receive()
