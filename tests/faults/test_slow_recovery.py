"""Clients that are too slow for output, and lose their connection meanwhile: what they never get, they are told of."""

import asyncio
import json
import os
from functools import partial

import pytest

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.events import EXECUTION_LOG, EXECUTION_UPDATED, Event
from runcast_gateway.relay.frame import Frames
from tests.faults.hand_over import Client, Experiment, Moments, Session, interrupt_memory

SEEDS = range(int(os.environ.get("RUNCAST_CHAOS_RUNS", "3")))
TASKS = ["t1", "t2", "t3", "t4"]


class SlowSession(Session):
    """Too slow every now and then: it is so in the middle of a write, and recovers later."""

    def __init__(self, client: Client, experiment: "SlowExperiment") -> None:
        super().__init__(client, experiment.hub)
        self._experiment = experiment

    def write(self, frames: Frames) -> None:
        told = len(self._client.told)
        super().write(frames)
        for before, packet in self._client.told[told:]:
            task_id = json.loads(packet[1:])[1]["taskId"]
            self._experiment.told.append((self._client, before, task_id, len(self._experiment.published)))
        chance = self._client.moments.random.random()
        if self.socket is not None and not self.socket.gone and chance < 0.15:
            self._hub.congested(self.socket)
            asyncio.get_running_loop().call_later(chance / 5, self._hub.drained, self.socket)


class SlowExperiment(Experiment):
    """States and output of some executions; half of the clients watch one."""

    def __init__(self, bus: MemoryBus, moments: Moments) -> None:
        super().__init__(bus, moments, partial(interrupt_memory, bus, moments), clients=60)
        self.told: list[tuple[Client, int, str, int]] = []
        """To whom, before which event, of which execution, and how much was published then."""
        for number, client in enumerate(self.clients):
            client.watching = frozenset({TASKS[number % 4]}) if number % 2 else None

    def _event(self) -> Event:
        chosen = self._moments.random
        return Event(EXECUTION_LOG if chosen.random() < 0.7 else EXECUTION_UPDATED, chosen.choice(TASKS), b"{}")

    def _session(self, client: Client) -> Session:
        return SlowSession(client, self)

    def kept(self, client: Client) -> int:
        """Return how much was kept from a client. Of each it has to be told before the next offset that it was given,
        and once it was published, so that it finds it where it reads again."""
        places = {offset: place for place, offset in enumerate(self.published)}
        told = [(before, task_id, published) for whom, before, task_id, published in self.told if whom is client]
        at, kept = places[client.start or ""], 0
        for count, offset in enumerate(client.received):
            assert places[offset] > at, "twice, or out of order"
            for place in range(at + 1, places[offset]):
                event = self.events[self.published[place]]
                assert event.name == EXECUTION_LOG, "a state was kept"
                if client.watching is None or event.task_id in client.watching:
                    kept += 1
                    assert any(b <= count and t == event.task_id and p > place for b, t, p in told), offset
            at = places[offset]
        return kept


@pytest.mark.parametrize("seed", SEEDS)
async def test_what_is_kept_from_a_client_is_told_before_its_offset_passes(seed: int):
    """So that whoever loses the connection then, and recovers, has everything or was told what to read again."""
    experiment = SlowExperiment(MemoryBus(), Moments(seed))
    await experiment.run()
    assert sum(client.refused for client in experiment.clients) == 0
    assert sum(map(experiment.kept, experiment.clients)) > 50
