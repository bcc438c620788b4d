"""A gateway's sockets from handshake to end, as a client sees them and as nobody may."""

import json
from contextlib import AsyncExitStack

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.access.tokens import HmacTokens
from runcast_core.model.accounts import Role
from runcast_core.model.events import EXECUTION_UPDATED, Event
from runcast_gateway.protocol import admission, socketio_server
from runcast_gateway.transport import direct_websocket
from tests.parts.conditions import until
from tests.parts.gateway_server import SECRET, Running, running_gateway
from tests.parts.identity_provider import IdentityProvider
from tests.parts.websocket import websocket


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio", {"use_uvloop": True}


async def test_a_revoked_user_is_sent_away_on_the_spot(monkeypatch: pytest.MonkeyPatch):
    """Nothing reaches its sockets after that, not through room operations either; another's go on."""
    monkeypatch.setattr(socketio_server, "REFUSED_GRACE_S", 0.1)
    async with running_gateway() as running, websocket(running.port) as revoked, websocket(running.port) as other:
        await revoked.connect(running.token(user_id="u"))
        await other.connect(running.token(user_id="v"))
        rooms = running.gateway.server.manager.rooms["/"]
        assert len(rooms["org:a"]) == 2
        await running.bus.revoke("a", "u", 10**15, 3600)
        assert await revoked.until("auth-error") == '42["auth-error",{"error":"Invalid or expired token"}]'
        assert len(rooms["org:a"]) == 1
        await running.gateway.server.emit("news", {}, room="org:a")
        await running.publish(name=EXECUTION_UPDATED)
        assert await revoked.closed() == 1008
        assert revoked.received[-1] == "41"
        await other.until("execution-updated")
        await until(lambda: len(running.connections) == 1)
        server = running.gateway.server
        assert (len(server._sockets), len(server.environ), len(server._greeted)) == (1, 1, 1)
        assert running.gateway.hub.presence() == {"a": {"v": 1}}
        await running.gateway.hub.room("a").sockets[0].connection.close()


async def test_nothing_reaches_a_socket_of_which_nobody_knows_whether_it_is_revoked():
    """It is let in, as it cannot wait; nothing that is published or emitted to its room is for it until that is known.
    Then one whose token was revoked goes, and the other is told to read again."""
    async with running_gateway() as running, websocket(running.port) as revoked, websocket(running.port) as other:
        running.bus.lose_memory()
        for socket, user_id in ((revoked, "u"), (other, "v")):
            await socket.send('40{"token":"%s"}' % running.token(user_id=user_id))  # noqa: UP031 - braces
            await socket.until("auth-success")
        await running.bus.publish("a", Event(EXECUTION_UPDATED, "t", b"{}"))
        await running.gateway.server.emit("news", {}, room="org:a")
        await running.gateway.server.emit("news", {})
        telling = await running.bus.begin_telling()
        await running.bus.revoke("a", "u", 10**15, 3600)
        assert await running.bus.end_telling(telling)
        await revoked.until("auth-error")
        await other.until("resync")
        await running.publish(name=EXECUTION_UPDATED)
        await other.until("execution-updated")
        await running.gateway.server.emit("news", {}, room="org:a")
        await other.until("news")
        await revoked.closed()
        assert [text[:8] for text in revoked.received if text.startswith("42")] == ['42["auth', '42["auth']
        names = [json.loads(text[2:])[0] for text in other.received if text.startswith("42")]
        assert names == ["auth-success", "resync", "execution-updated", "news"]


@pytest.mark.parametrize("subject", ["", "session:s1"])
async def test_everybody_of_an_organization_or_a_session_is_sent_away(subject: str):
    """Of that one only; and with a token of it nobody comes in."""
    async with running_gateway() as running, AsyncExitStack() as stack:
        issue = HmacTokens(SECRET).issue
        tokens = [
            issue(user_id, organization_id, Role.VIEWER, session_id=session_id)
            for user_id, organization_id, session_id in (("u", "a", "s1"), ("v", "a", "s2"), ("u", "b", "s1"))
        ]
        sockets = [await stack.enter_async_context(websocket(running.port)) for _ in tokens]
        for socket, token in zip(sockets, tokens, strict=True):
            await socket.connect(token)
        await running.bus.revoke("a", subject, 10**15, 3600)
        gone = sockets[: 1 if subject else 2]
        for socket, token in zip(gone, tokens, strict=False):
            await socket.until("auth-error")
            async with websocket(running.port) as again:
                await again.send('40{"token":"%s"}' % token)  # noqa: UP031 - braces
                await again.until("auth-error")
        assert len(running.gateway.hub.sockets("a", {""})) == 2 - len(gone)
        assert len(running.gateway.hub.sockets("b", {""})) == 1


TOKENS = ['"\\ud800"', '"a.b.\\ud800"', '"a\\u0000.b.c"', "[" * 500 + "]" * 500, "7e999", '{"a":1}']


@pytest.mark.parametrize("provided", [True, False], ids=["provider", "secret"])
@pytest.mark.parametrize("token", TOKENS)
async def test_whatever_is_sent_as_a_token_ends_the_connection(provided: bool, token: str):
    """Each of many such sockets is refused, and none stays."""
    with IdentityProvider() as provider:
        environment = {"JWKS_URL": provider.url} if provided else None
        async with running_gateway(environment=environment) as running, AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(websocket(running.port)) for _ in range(10)]
            for socket in sockets:
                await socket.send('40{"token":' + token + "}")
            for socket in sockets:
                assert "Invalid or expired token" in await socket.until("auth-error")
            assert running.counted("authentication_errors_total", reason="Invalid token") == len(sockets)


async def test_an_error_that_nobody_foresaw_ends_the_connection(monkeypatch: pytest.MonkeyPatch):
    """Wherever it comes from, before the socket is let in or in the middle of it. It is counted, its kind is logged."""
    steps = [(HmacTokens, "verify"), (admission.Admission, "open"), (admission.Admission, "enter")]
    for owner, name in steps:
        with monkeypatch.context() as patch, capture_logs() as logs:

            async def failing(*_: object) -> None:
                raise LookupError("s3cret")

            patch.setattr(owner, name, failing)
            async with running_gateway() as running, websocket(running.port) as client:
                await client.send('40{"token":"%s"}' % running.token())  # noqa: UP031 - braces
                assert await client.closed() == 1008
                assert running.counted("refused_total", reason="failure") == 1
                await until(lambda running=running: not running.connections and not running.gateway.server._sockets)
        assert [entry["kind"] for entry in logs if entry["event"] == "Socket connection failed"] == ["LookupError"]
        assert "s3cret" not in str(logs)


async def test_the_handshake_counts_until_a_client_is_let_in(monkeypatch: pytest.MonkeyPatch):
    """That it sent a token is not enough, as whoever verifies that may hang."""

    async def hanging(*_: object) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(HmacTokens, "verify", hanging)
    environment = {"RUNCAST_HANDSHAKE_TIMEOUT": "0.2"}
    async with running_gateway(environment=environment) as running, websocket(running.port) as client:
        await client.send('40{"token":"t"}')
        assert await client.closed() == 1008
        assert running.counted("refused_total", reason="handshake") == 1


async def test_a_client_that_was_let_in_has_no_deadline():
    """However long it stays."""
    async with running_gateway() as running, websocket(running.port) as client:
        await client.connect(running.token())
        assert not running.connections[0]._deadline.running


async def test_a_revoked_user_does_not_come_back():
    """With the old token; with a newer one it does."""
    async with running_gateway() as running:
        old = running.token()
        async with websocket(running.port) as client:
            await client.connect(old)
            await running.bus.revoke("a", "u", 10**15, 3600)
            await client.disconnected()
        async with websocket(running.port) as client:
            await client.send('40{"token":"%s"}' % old)  # noqa: UP031 - braces
            assert "Invalid or expired token" in await client.until("auth-error")
        assert running.counted("authentication_errors_total", reason="Invalid token") == 1


@pytest.mark.parametrize(
    ("variable", "users", "code"),
    [
        ("RUNCAST_MAX_SOCKETS_PER_ORGANIZATION", ("u", "v", "w"), "TOO_MANY_SOCKETS_OF_ORGANIZATION"),
        ("RUNCAST_MAX_SOCKETS_PER_USER", ("u", "u", "u"), "TOO_MANY_SOCKETS_OF_USER"),
    ],
)
async def test_one_socket_too_many_is_refused(variable: str, users: tuple[str, str, str], code: str):
    """With a reason, in the protocol's own way; when one has left, the next may come. Others are not concerned."""
    async with running_gateway(environment={variable: "2"}) as running, websocket(running.port) as first:
        await first.connect(running.token(user_id=users[0]))
        async with websocket(running.port) as second, websocket(running.port) as third:
            await second.connect(running.token(user_id=users[1]))
            await third.send("40" + json.dumps({"token": running.token(user_id=users[2])}))
            refusal = json.loads((await third.until("44{"))[2:])
            assert refusal["data"] == {"code": code}
            assert running.counted("refused_total", reason=code) == 1
            async with websocket(running.port) as elsewhere:
                await elsewhere.connect(running.token("b", users[2]))
        await until(lambda: running.gateway.hub.count("a") == 1)
        async with websocket(running.port) as fourth:
            await fourth.connect(running.token(user_id=users[2]))


async def test_who_does_not_read_cannot_be_a_new_socket_for_a_clean_slate(monkeypatch: pytest.MonkeyPatch):
    """DISCONNECT and CONNECT on the same connection change nothing about what it has not read."""
    monkeypatch.setattr(direct_websocket, "SEND_BUFFER_BYTES", 4096)
    async with (
        running_gateway(environment={"RUNCAST_SHED_BYTES": "20000"}) as running,
        websocket(running.port, receive_buffer=4096) as client,
    ):
        await client.connect(running.token())
        [connection] = running.connections
        first = connection.socket
        while first.shedding is None:
            await running.publish(b'{"log":"%b"}' % (b"x" * 5000))
        for _ in range(40):
            await running.publish(b'{"x":"%b"}' % (b"x" * 5000), name=EXECUTION_UPDATED)
        await client.send("41")
        await client.send("40" + json.dumps({"token": running.token()}))
        await until(lambda: connection.socket not in (None, first))
        assert connection.socket.shedding is not None


async def test_who_comes_back_is_waited_for_longer_than_who_is_new(monkeypatch: pytest.MonkeyPatch):
    """A journal that is read slowly, as when everybody comes back at once, is no reason to lose what was missed."""
    monkeypatch.setattr(admission, "SUBSCRIBE_TIMEOUT_S", 0.01)
    async with running_gateway() as running:
        async with websocket(running.port) as client:
            await client.connect(running.token(), recover=True)
            offset = await _published(running, client, 0)
            pid = json.loads(next(text for text in client.received if text.startswith("40"))[2:])["pid"]
        await running.publish(b'{"n":1}', name=EXECUTION_UPDATED)
        read = running.bus.read_journal

        async def slowly(*arguments, **options):
            await anyio.sleep(0.1)
            return await read(*arguments, **options)

        monkeypatch.setattr(running.bus, "read_journal", slowly)
        async with websocket(running.port) as client:
            await client.connect(running.token(), recover=True, pid=pid, offset=offset)
            assert '{"n":1}' in await client.until("execution-updated")


async def test_a_flood_of_the_past_and_the_present_comes_in_order(monkeypatch: pytest.MonkeyPatch):
    """A client recovers while others publish; the reply to what it asks comes where it belongs."""
    async with running_gateway() as running:
        async with websocket(running.port) as client:
            await client.connect(running.token(), recover=True)
            offset = await _published(running, client, 0)
            pid = json.loads(next(text for text in client.received if text.startswith("40"))[2:])["pid"]
        for number in range(1, 350):
            await running.publish(b'{"n":%d}' % number, name=EXECUTION_UPDATED)
        async with websocket(running.port) as client:
            await client.connect(running.token(), recover=True, pid=pid, offset=offset)
            for number in range(350, 400):
                await running.publish(b'{"n":%d}' % number, name=EXECUTION_UPDATED)
            await client.until('"n":399')
        events = [json.loads(text[2:]) for text in client.received if text.startswith("42")]
        assert [event[0] for event in events[:1]] == ["auth-success"]
        assert [event[1]["n"] for event in events[1:]] == list(range(1, 400))
        assert running.counted("recovered_total") == 1


async def _published(running: Running, client, number: int) -> str:
    await running.publish(b'{"n":%d}' % number, name=EXECUTION_UPDATED)
    return json.loads((await client.until(f'"n":{number}'))[2:])[2]
