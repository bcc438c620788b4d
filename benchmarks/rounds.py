"""Runs every case on every system, in rounds, so that what else the machine does meets all of them alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat

from benchmarks.cases import CASES, Case, Measurement
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

    def run(self) -> list[Outcome]:
        """Measure, telling what is found. A case that fails ends its trial; the other systems are measured still."""
        for number in range(self._comparison.rounds):
            for sockets in self._comparison.sockets:
                for system in self._comparison.systems:
                    print(f"{number + 1}/{self._comparison.rounds} {sockets:>5} {system.name:<16}", end="", flush=True)
                    self._trial(system, sockets)
                    print(flush=True)
        return list(self._outcomes())

    def _trial(self, system: System, sockets: int) -> None:
        cases = [case for case in self._comparison.cases if case.deliveries or not system.relays_only]
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
        """Yield in the order of cases, then sockets, then systems."""
        order = list(CASES)
        for (case, sockets, system), gathered in sorted(
            self._gathered.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        ):
            yield Outcome(case, sockets, system, gathered.measurements, gathered.failures)
