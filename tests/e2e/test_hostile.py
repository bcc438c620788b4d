"""What no official client sends: each is refused or ignored, nobody else notices, and no traceback is logged."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import anyio
import httpx
import pytest
import websockets

from runcast_core.model.identifiers import new_id
from runcast_core.serving.http_connection import MAX_HEAD_BYTES
from tests.e2e.dashboard import python
from tests.e2e.raw_socket import RawSocket, raw_socket
from tests.parts.conditions import until
from tests.parts.installation import CALLBACK_TOKEN, Installation

CALLBACK = {"Authorization": f"Bearer {CALLBACK_TOKEN}"}
POLLING = "/socket.io/?EIO=4&transport=polling"
ENGINE = ["x", "", "b!!!", "9", "0", "6", b"\x01\x02"]
SOCKET = ["49", "4x", "44", "40[", '451-["a",{"_placeholder":true,"num":7}]', '40{"token":' + "[" * 5000]
IGNORED = ["42", "42{}", "42[]", "42[[1],2]", "4", '43["x"]', '431["x"]', '42/foo,["x"]', "2", "3"]
FORGED = ['42["disconnect","x"]', '42["connect"]', '42["join",{"room":"org:other"}]']


def _raw(installation: Installation) -> AbstractAsyncContextManager[RawSocket]:
    return raw_socket(installation.gateways[0])


async def _report(http: httpx.AsyncClient, organization_id: str, task_id: str) -> None:
    body = {"taskId": task_id, "organizationId": organization_id, "status": "RUNNING"}
    (await http.post("/executions/update", json=body, headers=CALLBACK)).raise_for_status()


async def _sockets(installation: Installation, organization_id: str) -> float:
    async with httpx.AsyncClient() as http:
        text = (await http.get(f"{installation.gateways[0]}/metrics")).text
    name = f'runcast_gateway_sockets{{organization="{organization_id}"}} '
    return next((float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name)), 0)


async def _no_socket_left(installation: Installation, organization_id: str) -> None:

    async def gone() -> bool:
        return not await _sockets(installation, organization_id)

    await until(gone)


@pytest.fixture(autouse=True)
def without_traceback(installation: Installation):
    yield
    assert "Traceback" not in installation.log_of("gateway-1")


@pytest.mark.parametrize("known", [True, False], ids=["authenticated", "stranger"])
@pytest.mark.parametrize(("frames", "code"), [(ENGINE, 1002), (SOCKET, 1008)], ids=["engine.io", "socket.io"])
async def test_what_is_no_packet_closes_the_socket(installation: Installation, frames: list, code: int, known: bool):
    """At once, whoever sent it; nothing of it stays in the counters."""
    organization = new_id()
    for frame in frames:
        async with _raw(installation) as raw:
            if known:
                await raw.connect(installation.token(organization))
                await raw.until("auth-success")
            await raw.connection.send(frame)
            assert await raw.closed() == code, frame
    await _no_socket_left(installation, organization)


async def test_what_a_dashboard_has_no_reason_to_say_is_ignored(installation: Installation, http):
    """Events, acknowledgements, other namespaces; one named `disconnect` does not run the gateway's own handler."""
    organization = new_id()
    async with _raw(installation) as raw:
        await raw.connect(installation.token(organization))
        await raw.until("auth-success")
        for frame in IGNORED + FORGED:
            await raw.connection.send(frame)
        await raw.connection.send("40/foo,")
        await raw.until('44/foo,{"message":"Invalid namespace"}')
        assert await _sockets(installation, organization) == 1
        await _report(http, organization, "t")
        await raw.until("execution-updated")
        assert [packet[:2] for packet in raw.received[1:]] == ["40", "42", "44", "42"]
    await _no_socket_left(installation, organization)


async def test_the_first_connect_of_a_connection_counts(installation: Installation, http):
    """A second one, good or bad or of another organization, changes nothing; after DISCONNECT there may be another."""
    a, b = new_id(), new_id()
    async with _raw(installation) as raw:
        await raw.connect(installation.token(a))
        await raw.until("auth-success")
        await raw.connect("garbage")
        await raw.connect(installation.token(b))
        await _report(http, b, "of-b")
        await _report(http, a, "of-a")
        await raw.until("of-a")
        assert "auth-error" not in str(raw.received)
        await raw.connection.send("41")
        await raw.connect(installation.token(b))
        await until(lambda: _sockets(installation, b))
        await _report(http, b, "later")
        await raw.until("later")
    assert "of-b" not in str(raw.received)
    await _no_socket_left(installation, a)


async def test_a_refused_connection_that_stays_receives_nothing_and_is_closed(installation: Installation, http):
    """Also if it asks again and again, with a good token at last."""
    organization = new_id()
    async with _raw(installation) as raw:
        await raw.connect("garbage")
        await raw.disconnected()
        for token in ("garbage", installation.token(organization)):
            await raw.connect(token)
        await _report(http, organization, "t")
        assert await raw.closed() == 1008
        assert [packet[:2] for packet in raw.received] == ["0{", "40", "42", "41"]
        assert "Invalid or expired token" in raw.received[2]


async def _polling_session(http: httpx.AsyncClient, url: str) -> str:
    opened = await http.get(f"{url}{POLLING}")
    return f"{url}{POLLING}&sid={json.loads(opened.text[1:])['sid']}"


@pytest.mark.parametrize("body", [b"", b"x", b"d=40", b"\xff\xfe", b"\x1e".join([b"3"] * 17), b"bAAAA"])
async def test_a_malformed_poll_body_is_a_400(installation: Installation, body: bytes):
    """It never reaches the parser of Engine.IO."""
    async with httpx.AsyncClient() as http:
        session = await _polling_session(http, installation.gateways[0])
        assert (await http.post(session, content=body)).status_code == 400


@pytest.mark.parametrize("chunked", [False, True])
async def test_an_oversized_poll_body_is_a_413(installation: Installation, chunked: bool):
    """Whether its length was told or not; the answer comes although nobody polls the session."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"4" * 10_000

    async with httpx.AsyncClient(timeout=10) as http:
        session = await _polling_session(http, installation.gateways[0])
        answer = await http.post(session, content=chunks() if chunked else b"4" * 70_000)
        assert answer.status_code == 413


async def test_a_client_that_leaves_in_the_middle_of_a_body_is_no_error(installation: Installation):
    """Nothing is logged of it, and the session goes on."""
    async with httpx.AsyncClient(timeout=10) as http:
        session = await _polling_session(http, installation.gateways[0])
        url = httpx.URL(session)
        async with await anyio.connect_tcp(url.host, url.port or 80) as leaving:
            head = f"POST {url.raw_path.decode()} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n40"
            await leaving.send(head.encode())
        assert (await http.post(session, content=b"3")).status_code == 200


async def test_an_upgrade_that_breaks_off_leaves_the_poll_as_it_was(installation: Installation, http):
    """As behind a proxy that breaks WebSockets."""
    organization = new_id()
    session = await _polling_session(http, installation.gateways[0])
    await http.post(session, content="40" + json.dumps({"token": installation.token(organization)}))
    assert "auth-success" in (await http.get(session)).text
    async with websockets.connect(session.replace("http", "ws").replace("polling", "websocket")):
        pass
    await _report(http, organization, "t")

    async def polled() -> str:
        text = (await http.get(session)).text
        return text if text != "6" else ""

    assert "execution-updated" in await until(polled)


async def test_a_burst_reaches_the_python_client_on_polling(installation: Installation, http):
    """It refuses more than 16 packets in one answer."""
    organization = new_id()
    auth = {"token": installation.token(organization)}
    async with python(installation.gateways[1], auth=auth, transports=["polling"]) as dashboard:
        await dashboard.until(lambda d: d.of("auth-success"))
        async with anyio.create_task_group() as tasks:
            for number in range(60):
                tasks.start_soon(_report, http, organization, f"t{number}")
        await dashboard.until(lambda d: len(d.of("execution-updated")) == 60)
        assert dashboard.of("disconnect") == []


async def test_refusals_and_sockets_are_counted(installation: Installation):
    """Per reason, and per organization for as long as it has a socket."""
    organization = new_id()
    async with httpx.AsyncClient() as http, _raw(installation) as good, _raw(installation) as bad:
        await good.connect(installation.token(organization))
        await good.until("auth-success")
        assert await _sockets(installation, organization) == 1
        await bad.connect("garbage")
        await bad.disconnected()
        text = (await http.get(f"{installation.gateways[0]}/metrics")).text
    counted = 'runcast_gateway_authentication_errors_total{reason="Invalid token"} '
    assert float(text.partition(counted)[2].split("\n")[0]) >= 1
    await _no_socket_left(installation, organization)


@pytest.mark.parametrize("service", ["api", "gateway"])
async def test_a_head_without_an_end_is_not_kept(installation: Installation, service: str):
    """Each service gives up once it is larger than any client's; nobody else waits."""
    url = httpx.URL(installation.api if service == "api" else installation.gateways[0])
    with anyio.fail_after(10):
        async with await anyio.connect_tcp(url.host, url.port or 80) as stream:
            await stream.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (MAX_HEAD_BYTES + 1))
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await stream.receive()
