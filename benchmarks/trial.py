"""One trial: a fresh server with so many clients and a publisher, for as long as cases are measured on it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.dialogue import Dialogue, Fault, dialogue, running
from benchmarks.load import Load, load
from benchmarks.measure import CpuClock, resident_kilobytes
from benchmarks.plan import Plan
from benchmarks.systems import WATCHED, Site, System, environment
from tests.parts.part import accepts, reserved_port
from tests.parts.redis.told import note_told_at

START_S = 30.0
FIRST_SOCKETS = 50
"""Opened before anything is measured, so that a server's first steps count for no socket's."""
WARM_UP_EVENTS = 20
TAIL_S = 0.05
"""What is waited after the last delivery for what the server does behind it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What one more connection cost."""

    kilobytes: float
    cpu_seconds: float


@dataclass(slots=True)
class Trial:
    """What cases work with. `number` is the one that the next event to the clients gets."""

    sockets: int
    plan: Plan
    pid: int
    cpu: CpuClock
    load: Load
    publisher: Dialogue
    opened: Opened
    number: int = 1

    def publish(self, count: int, rate: float, organization_id: str) -> None:
        """Return when so many events were published, at the rate or, with 0, as fast as the publisher can."""
        self.publisher.say("publish", self.number, count, rate, organization_id)
        if organization_id == WATCHED:
            self.number += count
        self.publisher.hear("published", within_s=60)

    def cpu_since(self, before: float) -> float:
        """Return what the server has spent since, once it is done with what was asked of it."""
        time.sleep(TAIL_S)
        return self.cpu.seconds() - before

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Stop the server while the context is open; what is published meanwhile waits in its connection to Redis."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
            time.sleep(TAIL_S)  # for what a publisher has still in its own buffers
        finally:
            os.kill(self.pid, signal.SIGCONT)


@contextmanager
def trial(system: System, sockets: int, plan: Plan, redis_port: int, core: int) -> Iterator[Trial]:
    """Start everything, the server on a core of its own, and open the connections."""
    with ExitStack() as stack:
        port, second_port = (stack.enter_context(reserved_port()) for _ in range(2))
        site = Site(port, second_port, redis_port)
        note_told_at(site.redis_url)
        on_core = ["taskset", "--cpu-list", str(core)]
        server = stack.enter_context(running([*on_core, *system.server(site)], environment(system, site)))
        if system.second is not None:
            second = stack.enter_context(running(system.second(site), environment(system, site)))
            _await_port(second_port, second)
        publisher = stack.enter_context(dialogue("the publisher", system.publisher(site)))
        clients = stack.enter_context(load(port, system.path, system.dialect, system.packets(sockets)))
        _await_port(port, server)
        publisher.hear("up", within_s=START_S)
        cpu = CpuClock(server.pid)
        opened = _open(clients, sockets, server.pid, cpu, plan.settle_s)
        ready = Trial(sockets, plan, server.pid, cpu, clients, publisher, opened)
        _warm_up(ready)
        yield ready


def _await_port(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_S
    while not accepts(port):
        if time.monotonic() > deadline or server.poll() is not None:
            raise Fault("the server did not start")
        time.sleep(0.02)


def _open(clients: Load, sockets: int, pid: int, cpu: CpuClock, settle_s: float) -> Opened:
    clients.open(FIRST_SOCKETS)
    time.sleep(settle_s)
    kilobytes, seconds = resident_kilobytes(pid), cpu.seconds()
    clients.open(sockets)
    time.sleep(settle_s)
    more = sockets - FIRST_SOCKETS
    return Opened((resident_kilobytes(pid) - kilobytes) / more, (cpu.seconds() - seconds) / more)


def _warm_up(ready: Trial) -> None:
    """Deliver a few events, so that no case pays for what a server does once."""
    ready.load.expect(ready.number, WARM_UP_EVENTS)
    ready.publish(WARM_UP_EVENTS, 100, WATCHED)
    ready.load.delivered(0)
