"""Runs every case on every system, in rounds, so that what else the machine does meets all of them alike."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, product, repeat

from benchmarks.cases import Case, Measurement
from benchmarks.dialogue import Fault
from benchmarks.plan import Plan
from benchmarks.report import Outcome, figure
from benchmarks.systems import System
from benchmarks.trial import trial

NOT_REACHED = "not measured, as its trial had failed"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared, and how thoroughly."""

    systems: Sequence[System]
    cases: Sequence[Case]
    sockets: Sequence[int]
    rounds: int
    quick: bool


@dataclass(slots=True)
class _Gathered:
    measurements: list[Measurement] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Rounds:
    """Runs a comparison on two cores: the measured server has one, whatever else runs here the other."""

    def __init__(self, comparison: Comparison, redis_port: int, core: int) -> None:
        self._comparison = comparison
        self._redis_port = redis_port
        self._core = core
        self._gathered: dict[tuple[str, int, str], _Gathered] = {}

    def run(self, within_s: float = math.inf) -> list[Outcome]:
        """Measure, telling what is found; a round that would not end in time is left out, the first one never is.

        A case that fails ends its trial; the other systems are measured still.
        """
        started_at = time.monotonic()
        for number in range(self._comparison.rounds):
            if number and (time.monotonic() - started_at) * (number + 1) / number > within_s:
                print(f"no time for round {number + 1}")
                break
            for sockets, system in product(self._comparison.sockets, self._comparison.systems):
                if cases := [case for case in self._comparison.cases if case.applies_to(system, sockets)]:
                    print(f"{number + 1}/{self._comparison.rounds} {sockets:>5} {system.name:<16}", end="", flush=True)
                    self._trial(system, sockets, cases)
                    print(flush=True)
        return list(self._outcomes())

    def _trial(self, system: System, sockets: int, cases: Sequence[Case]) -> None:
        plan = Plan.of(sockets, quick=self._comparison.quick, slow=system.slow)
        left = [self._gathered.setdefault((case.name, sockets, system.name), _Gathered()) for case in cases]
        try:
            with trial(system, sockets, plan, self._redis_port, self._core) as ready:
                for case in cases:
                    measured = case.measure(ready)
                    left.pop(0).measurements.append(measured)
                    print(f"  {case.name} {figure(measured.cost)}", end="", flush=True)
        except Fault as fault:
            print(f"  FAILED: {fault}", end="")
            for gathered, reason in zip(left, chain([str(fault)], repeat(NOT_REACHED)), strict=False):
                gathered.failures.append(reason)

    def _outcomes(self) -> Iterator[Outcome]:
        compared = self._comparison
        for case, sockets, system in product(compared.cases, compared.sockets, compared.systems):
            if gathered := self._gathered.get((case.name, sockets, system.name)):
                yield Outcome(case.name, sockets, system.name, gathered.measurements, gathered.failures)
