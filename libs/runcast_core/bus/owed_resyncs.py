"""Whom a publish may not have reached: dashboards that are owed a `resync` once Redis answers again. Bounded."""

import anyio
import structlog

log = structlog.get_logger()

TASKS = 100
ORGANIZATIONS = 10_000

Debt = tuple[str, str | None]
"""An organization and the execution to read again; None: all of them."""


class OwedResyncs:
    """Remembers each debt once. Past so many executions an organization is owed one `resync` for everything; past so
    many organizations a debt is counted and logged, and nothing else."""

    def __init__(self) -> None:
        self._owed: dict[str, dict[str | None, None]] = {}
        self._some = anyio.Event()
        self.forgotten = 0

    def __len__(self) -> int:
        return sum(map(len, self._owed.values()))

    def add(self, organization_id: str, task_id: str | None) -> None:
        if organization_id not in self._owed and len(self._owed) >= ORGANIZATIONS:
            self.forgotten += 1
            log.error("Resync forgotten, too many are owed", organization=organization_id, forgotten=self.forgotten)
            return
        tasks = self._owed.setdefault(organization_id, {})
        if None not in tasks:
            tasks[task_id] = None
        if task_id is None or len(tasks) > TASKS:
            self._owed[organization_id] = {None: None}
        self._some.set()

    def take(self, count: int) -> list[Debt]:
        """Return up to `count` debts, the oldest first; they are owed no more."""
        taken: list[Debt] = []
        while self._owed and len(taken) < count:
            organization_id, tasks = next(iter(self._owed.items()))
            task_id = next(iter(tasks))
            taken.append((organization_id, task_id))
            del tasks[task_id]
            if not tasks:
                del self._owed[organization_id]
        return taken

    async def wait(self) -> None:
        """Return once something is owed."""
        while not self._owed:
            self._some = anyio.Event()
            await self._some.wait()
