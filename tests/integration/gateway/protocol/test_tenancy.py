"""The tenancy matrix of events: each that a dashboard can be sent, and fourteen kinds of callers that hold a socket, or
try to, while it is published for one organization."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import orjson
import pytest

from runcast_core.model import events
from runcast_core.model.events import Event
from tests.parts.api import SECRET
from tests.parts.gateway_server import Running, running_gateway
from tests.parts.tenants import MARKER, OTHER, OWN, OWN_USERS, Caller, shown, tell
from tests.parts.websocket import WebSocket, websocket

MEMBERS = {*OWN_USERS, Caller.KEY}
GUESTS = {Caller.OTHER_ADMIN, Caller.OTHER_KEY}
STRANGERS = set(Caller) - MEMBERS - GUESTS

PUBLISHED = {
    events.EXECUTION_UPDATED: MEMBERS,
    events.EXECUTION_LOG: MEMBERS,
    events.RESYNC: MEMBERS,
    events.MARK: MEMBERS,
}
"""Who is sent what is published for the organization `own`."""
ITS_OWN = {
    events.AUTH_SUCCESS: MEMBERS | GUESTS,
    events.AUTH_ERROR: STRANGERS,
    events.TOKEN_EXPIRING: MEMBERS | GUESTS,
    events.DRAIN: MEMBERS | GUESTS,
}
"""Who is sent what a gateway says by itself, of the one socket."""


def test_every_event_has_a_row():
    """A new event without a row is found here."""
    names = {value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)}
    assert names == PUBLISHED.keys() | ITS_OWN.keys()


@asynccontextmanager
async def _callers(gateway: Running) -> AsyncIterator[dict[Caller, WebSocket]]:
    """Connect everybody, each as what it shows; enter when all were let in or refused."""
    async with AsyncExitStack() as stack:
        callers = {}
        for caller in Caller:
            client = callers[caller] = await stack.enter_async_context(websocket(gateway.port))
            auth = {"token": shown(caller), "recover": True}
            await client.send("40" + orjson.dumps(auth).decode())
            await client.until("auth-error" if caller in STRANGERS else "auth-success")
        yield callers


async def _heard(callers: dict[Caller, WebSocket], name: str) -> set[Caller]:
    """Return who was sent an event of that name, once everybody was sent all there was to be sent."""
    for client in callers.values():
        with anyio.move_on_after(10):
            await client.closed()
    return {caller for caller, client in callers.items() if any(f'["{name}",' in text for text in client.received)}


@pytest.mark.parametrize("name", PUBLISHED)
async def test_what_is_published_reaches_its_organization_only(name: str):
    """Whatever its payload says; and nobody else's socket is written a byte of it."""
    async with running_gateway(environment={"JWT_SECRET": SECRET}) as gateway:
        await tell(gateway.bus)
        async with _callers(gateway) as callers:
            payload = orjson.dumps({"taskId": "t", "organizationId": OTHER, "log": MARKER})
            await gateway.bus.publish(OWN, Event(name, "t", payload))
            for organization_id in (OWN, OTHER):
                await gateway.bus.publish(organization_id, Event("the-end", None, b"{}"))
            for caller in MEMBERS | GUESTS:
                await callers[caller].until("the-end")
            gateway.gateway.drain.hang_up()
            assert await _heard(callers, name) == PUBLISHED[name]
    for caller in set(Caller) - MEMBERS:
        assert not any(MARKER in text for text in callers[caller].received), caller


@pytest.mark.parametrize("name", ITS_OWN)
async def test_what_a_gateway_says_is_for_one_socket(name: str):
    """Each is told about itself: whoever was let in of its own organization, whoever was not nothing but that."""
    async with running_gateway(environment={"JWT_SECRET": SECRET, "RUNCAST_DRAIN_WINDOW": "0.2"}) as gateway:
        await tell(gateway.bus)
        async with _callers(gateway) as callers:
            gateway.gateway.expiry.sweep(time.time() + 86_395, lambda socket: None)
            await gateway.gateway.drain.run()
            assert await _heard(callers, name) == ITS_OWN[name]
    for caller in GUESTS | STRANGERS:
        assert not any(f'"{OWN}"' in text for text in callers[caller].received), caller
    for caller in MEMBERS:
        assert not any(f'"{OTHER}"' in text for text in callers[caller].received), caller
