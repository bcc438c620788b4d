"""Executions of the past, put into the store of a running `runcast up`: nobody waits for a month."""

from anyio.from_thread import start_blocking_portal

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Execution, Status
from runcast_core.model.identifiers import new_id
from runcast_core.store.sqlite.store import open_sqlite_store
from tests.parts.up import Up

DAY_MS = 86_400_000


class History:
    """Ends of one organization's executions, gathered and then put in."""

    def __init__(self, organization_id: str) -> None:
        self._organization_id = organization_id
        self._executions: list[Execution] = []

    def end(self, image: str, status: Status, days_ago: float, seconds: float = 10) -> str:
        """Have one end so many days ago, after so many seconds; return its id."""
        ended_at = now_ms() - int(days_ago * DAY_MS)
        started_at = ended_at - int(seconds * 1000)
        times = {"started_at": started_at, "ended_at": ended_at}
        execution = Execution(
            self._organization_id, new_id(), image, started_at, ended_at, status=status, command="true", **times
        )
        self._executions.append(execution)
        return execution.task_id

    def put_into(self, up: Up) -> None:
        """Store them; nothing is announced, so that pages see them when they read next."""
        with start_blocking_portal() as portal:
            portal.call(self._put, str(up.folder / "runcast.sqlite"))

    async def _put(self, path: str) -> None:
        async with open_sqlite_store(path) as store:
            for execution in self._executions:
                await store.create_execution(execution)
