"""What is measured: each case does one thing to a running server and tells what that cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.plan import OFFERED
from benchmarks.systems import ELSEWHERE, WATCHED, System
from benchmarks.trial import Trial

KEPT_UP = 0.9
"""Of what is offered, the share that still counts as keeping up."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a case cost, in the case's unit, and at which rate of deliveries a second."""

    cost: float
    deliveries_per_second: float | None = None
    events: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """What Runcast may cost: in the case's unit, or as a multiple of Node's cost in the same run."""

    limit: float
    times_node: bool = True
    deliveries_per_second: float = 0
    """What it must reach besides."""


@dataclass(frozen=True, slots=True)
class Case:
    """A name, what is written over its figures, their unit and their key in the JSON, and how it is measured."""

    name: str
    title: str
    unit: str
    key: str
    budget: Budget | None
    measure: Callable[[Trial], Measurement]
    deliveries: bool = True
    """Whether its cost is that of delivering; the floor has no other."""
    least_sockets: int = 0
    """With fewer, the figure says nothing."""

    def applies_to(self, system: System, sockets: int) -> bool:
        return sockets >= self.least_sockets and (self.deliveries or not system.relays_only)


def one_at_a_time(trial: Trial) -> Measurement:
    """Events far enough apart that nothing can be joined with anything."""
    return _delivered(trial, trial.plan.single_events, trial.plan.single_rate)


def offered(trial: Trial) -> Measurement:
    """Events at the rate that makes so many deliveries a second."""
    return _delivered(trial, trial.plan.offered_events, trial.plan.offered_rate)


def burst(trial: Trial) -> Measurement:
    """Events that all wait when the server, suspended until then, goes on."""
    count = trial.plan.burst_events
    trial.load.expect(trial.number, count)
    with trial.suspended():
        trial.publish(count, 0, WATCHED)
    resumed_at, before = time.monotonic(), trial.cpu.seconds()
    delivered = trial.load.delivered(count * trial.sockets / 10_000)
    return _per_delivery(trial, count, trial.cpu_since(before), delivered.last_at - resumed_at)


def irrelevant(trial: Trial) -> Measurement:
    """Events of an organization that nobody watches here, less what the server costs while nothing happens."""
    window = trial.plan.irrelevant_s
    before = trial.cpu.seconds()
    time.sleep(window)
    idle = (trial.cpu.seconds() - before) / window
    count, started_at, before = int(window * 1000), time.monotonic(), trial.cpu.seconds()
    trial.publish(count, 1000, ELSEWHERE)
    spent = trial.cpu_since(before) - idle * (time.monotonic() - started_at)
    trial.load.check()
    return Measurement(max(0.0, spent) / count * 1e6, events=count)


def memory(trial: Trial) -> Measurement:
    return Measurement(trial.opened.kilobytes)


def connect(trial: Trial) -> Measurement:
    return Measurement(trial.opened.cpu_seconds * 1e6)


def _delivered(trial: Trial, count: int, rate: float) -> Measurement:
    trial.load.expect(trial.number, count)
    before = trial.cpu.seconds()
    trial.publish(count, rate, WATCHED)
    delivered = trial.load.delivered(count * trial.sockets / 10_000)
    return _per_delivery(trial, count, trial.cpu_since(before), delivered.last_at - delivered.first_at)


def _per_delivery(trial: Trial, count: int, cpu_seconds: float, wall_seconds: float) -> Measurement:
    deliveries = count * trial.sockets
    return Measurement(cpu_seconds / deliveries * 1e6, deliveries / wall_seconds, count)


_DELIVERY = ("µs of CPU per delivery", "cpuMicrosPerDelivery")

CASES = {
    case.name: case
    for case in (
        Case("one-at-a-time", "One event at a time", *_DELIVERY, Budget(0.55), one_at_a_time),
        Case(
            "offered-200k",
            "200,000 deliveries/s offered",
            *_DELIVERY,
            Budget(0.3, deliveries_per_second=KEPT_UP * OFFERED),
            offered,
        ),
        Case("burst", "A burst that waited", *_DELIVERY, None, burst),
        Case(
            "irrelevant",
            "Another organization's event",
            "µs of CPU per event",
            "cpuMicrosPerEvent",
            Budget(0.05),
            irrelevant,
            deliveries=False,
        ),
        Case(
            "idle-memory",
            "Memory of an idle socket",
            "KB per socket",
            "kilobytesPerSocket",
            Budget(24, times_node=False),
            memory,
            deliveries=False,
            least_sockets=500,
        ),
        Case(
            "connect",
            "Connecting",
            "µs of CPU per socket",
            "cpuMicrosPerSocket",
            Budget(1.0),
            connect,
            deliveries=False,
        ),
    )
}
