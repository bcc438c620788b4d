"""How a gateway that leaves empties itself."""

from collections.abc import Callable

import anyio
import pytest

from runcast_gateway.sessions import drain as module
from runcast_gateway.sessions.drain import Drain
from tests.parts.clock import leaping_clock
from tests.parts.connection import Recorder, socket_of

pytestmark = leaping_clock
STEP_S = 0.005


class Connection(Recorder):
    """One that goes when it is ended, unless it is stuck."""

    def __init__(self, connections: list["Connection"], *, known: bool = True, stuck: bool = False) -> None:
        super().__init__()
        self._connections = connections
        self._stuck = stuck
        self.socket = socket_of("a") if known else None
        self.ended_at: float | None = None
        connections.append(self)

    def end(self) -> None:
        self.ended_at = self.ended_at or anyio.current_time()
        if not self._stuck:
            self._connections.remove(self)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP_S", STEP_S)


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let each connection be given this part of what it may be given."""

    def choose(share: float) -> None:
        monkeypatch.setattr(module.random, "uniform", lambda low, high: low + (high - low) * share)

    return choose


async def test_all_are_told_and_closed_spread_over_the_window():
    """The first moments are for load balancers, the last for the stragglers; nobody is cut off."""
    connections: list[Connection] = []
    everybody = [Connection(connections) for _ in range(100)]
    drain = Drain(lambda: connections, window_s=0.5)
    assert not drain.started
    begun = anyio.current_time()
    await drain.run()
    assert drain.started
    ended = sorted(connection.ended_at - begun for connection in everybody)
    assert ended[-1] - ended[0] > 0.25
    assert ended[0] >= 0.05
    assert ended[-1] < 0.5
    assert max(sum(start <= at < start + 0.1 for at in ended) for start in ended) < 50  # no crowd in a fifth of it
    assert [connection.names for connection in everybody] == [["drain"]] * 100
    assert all(0 < connection.events[0][1]["withinMs"] <= 500 for connection in everybody)
    assert not any(connection.aborted for connection in everybody)


async def test_it_is_over_as_soon_as_nobody_is_left():
    """Also at once."""
    connections: list[Connection] = []
    with anyio.fail_after(2):
        await Drain(lambda: connections, window_s=60).run()
        Connection(connections)
        drain = Drain(lambda: connections, window_s=60)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(drain.run)
            await anyio.wait_all_tasks_blocked()
            connections.clear()


async def test_those_that_come_meanwhile_are_closed_within_what_is_left(spread):
    """And told how long that is."""
    spread(1)
    connections: list[Connection] = []
    first = Connection(connections)
    drain = Drain(lambda: connections, window_s=0.4)
    async with anyio.create_task_group() as tasks:
        begun = anyio.current_time()
        tasks.start_soon(drain.run)
        await anyio.sleep(0.2)
        late = Connection(connections)
    assert first.ended_at - begun == pytest.approx(0.36, abs=2 * STEP_S)
    assert late.ended_at is not None
    assert late.ended_at - begun < 0.4
    assert late.events[0][1]["withinMs"] <= 200
    assert not late.aborted


async def test_at_the_deadline_who_is_left_is_cut_off(spread):
    """Having been asked again and again."""
    spread(0)
    connections: list[Connection] = []
    stuck, other = Connection(connections, stuck=True), Connection(connections)
    begun = anyio.current_time()
    await Drain(lambda: connections, window_s=0.1).run()
    assert anyio.current_time() - begun == pytest.approx(0.1, abs=STEP_S)
    assert (stuck.aborted, other.aborted) == (True, False)
    assert stuck.names == ["drain"]


async def test_a_connection_that_has_not_said_who_it_is_is_closed_untold(spread):
    """It would not know what to make of it."""
    spread(0)
    connections: list[Connection] = []
    stranger = Connection(connections, known=False)
    await Drain(lambda: connections, window_s=1).run()
    assert (stranger.sent, stranger.ended_at is None) == ([], False)


async def test_without_a_window_everybody_is_cut_off():
    """At once."""
    connections: list[Connection] = []
    only = Connection(connections, stuck=True)
    with anyio.fail_after(1):
        await Drain(lambda: connections, window_s=0).run()
    assert only.aborted
