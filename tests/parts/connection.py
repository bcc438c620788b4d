"""A connection for tests of rooms: it keeps what it was sent, and is as slow as one says."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import count

import anyio
import orjson
from prometheus_client import CollectorRegistry

from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import Delivery
from runcast_core.model.accounts import Role
from runcast_core.model.events import EXECUTION_LOG, EXECUTION_UPDATED, Event
from runcast_gateway.bounds import Bounds
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.relay.frame import Frames
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.socket import Socket

_NUMBERS = count()


class TakesAll(ABC):
    """A connection that is its own writer; see `runcast_gateway.relay.socket.Writer`."""

    @abstractmethod
    def write(self, frames: Frames) -> None: ...

    def __init__(self) -> None:
        self.writer = self

    def send(self, frames: Frames) -> int:
        self.write(frames)
        return len(frames)

    def rest(self, data: bytes) -> None:
        raise AssertionError(f"{len(data)} bytes not taken")


class Recorder(TakesAll):
    """See `runcast_gateway.relay.socket.Connection`."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []
        self.waiting = 0
        self.aborted = False
        self.slow = False
        self.on_write: Callable[[], None] | None = None
        self.relief = anyio.Event()

    def write(self, frames: Frames) -> None:
        self.sent += frames.texts
        self.waiting += len(frames)
        if self.on_write is not None:
            self.on_write()

    def buffered(self) -> int:
        return self.waiting if self.slow else 0

    async def drained(self) -> None:
        if self.slow:
            await self.relief.wait()

    def abort(self) -> None:
        self.aborted = True

    @property
    def events(self) -> list[list]:
        """The events it was sent, as name, payload and, if there is one, offset."""
        return [orjson.loads(text[1:]) for text in self.sent if text.startswith("2")]

    @property
    def names(self) -> list[str]:
        return [event[0] for event in self.events]

    @property
    def offsets(self) -> list[str]:
        return [event[2] for event in self.events if len(event) > 2]


def hub_of(bounds: Bounds | None = None, registry: CollectorRegistry | None = None) -> Hub:
    return Hub(GatewayMetrics(registry or CollectorRegistry()), bounds or Bounds(window_s=0))


def socket_of(organization_id: str, user_id: str = "u", **wants) -> Socket:
    claims = Claims(user_id, organization_id, Role.VIEWER, 0)
    return Socket(f"{organization_id}-{next(_NUMBERS)}", claims, Recorder(), **wants)


def joined(hub: Hub, organization_id: str, user_id: str = "u", **wants) -> Socket:
    socket = socket_of(organization_id, user_id, **wants)
    hub.arrive(socket)
    hub.room(organization_id).join(socket)
    return socket


def log_line(offset: str, task_id: str = "t", text: str = "x", organization_id: str = "a") -> Delivery:
    return Delivery(organization_id, offset, Event(EXECUTION_LOG, task_id, orjson.dumps({"log": text})))


def state(offset: str, task_id: str = "t", organization_id: str = "a") -> Delivery:
    return Delivery(organization_id, offset, Event(EXECUTION_UPDATED, task_id, b"{}"))
