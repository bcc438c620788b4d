"""Whom a publish may not have reached: dashboards that are owed a `resync` once Redis answers again. Bounded."""

from itertools import chain, count, islice
from typing import NamedTuple

import anyio
import structlog

log = structlog.get_logger()

TASKS = 100
ORGANIZATIONS = 10_000


class Debt(NamedTuple):
    """An organization and the execution to read again; None: all of them. One that is owed anew, as something else was
    not published meanwhile, has another number."""

    organization_id: str
    task_id: str | None
    number: int


class OwedResyncs:
    """Remembers each debt once, until it is `settle`d or `take`n. Past so many executions an organization is owed one
    `resync` for everything; past so many organizations a debt is counted and logged, and nothing else."""

    def __init__(self) -> None:
        self._owed: dict[str, dict[str | None, Debt]] = {}
        self._numbers = count()
        self._some = anyio.Event()
        self.forgotten = 0

    def __len__(self) -> int:
        return sum(map(len, self._owed.values()))

    def add(self, organization_id: str, task_id: str | None) -> None:
        if organization_id not in self._owed and len(self._owed) >= ORGANIZATIONS:
            self.forgotten += 1
            log.error("Resync forgotten, too many are owed", organization=organization_id, forgotten=self.forgotten)
            return
        debts = self._owed.setdefault(organization_id, {})
        if task_id is None or None in debts or (task_id not in debts and len(debts) >= TASKS):
            debts.clear()
            task_id = None
        debts[task_id] = Debt(organization_id, task_id, next(self._numbers))
        self._some.set()

    def oldest(self, most: int) -> list[Debt]:
        """Return up to so many debts, those of the organization that waits for longest first."""
        return list(islice(chain.from_iterable(debts.values() for debts in self._owed.values()), most))

    def settle(self, debt: Debt) -> None:
        """Note that it was paid, unless it is owed anew since it was returned."""
        debts = self._owed.get(debt.organization_id, {})
        if debts.get(debt.task_id) == debt:
            self._remove(debt)

    def postpone(self, debt: Debt) -> None:
        """Put its organization behind the others: as it could not be paid, theirs may."""
        if debt.organization_id in self._owed:
            self._owed[debt.organization_id] = self._owed.pop(debt.organization_id)

    def take(self, organization_id: str, task_id: str | None) -> Debt | None:
        """Return what of an organization is owed to readers of this execution; it is owed no more."""
        debts = self._owed.get(organization_id, {})
        debt = debts.get(None) or debts.get(task_id)
        if debt is not None:
            self._remove(debt)
        return debt

    async def wait(self) -> None:
        """Return once something is owed."""
        while not self._owed:
            self._some = anyio.Event()
            await self._some.wait()

    def _remove(self, debt: Debt) -> None:
        debts = self._owed[debt.organization_id]
        del debts[debt.task_id]
        if not debts:
            del self._owed[debt.organization_id]
