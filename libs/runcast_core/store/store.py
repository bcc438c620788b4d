"""The store's interface: the truth about accounts, executions and output, in verbs of the domain.

Two adapters, `sqlite/` and `mongo/`, pass one contract suite. Every verb may raise `StoreUnavailable`
(temporary). All are safe to call from many tasks, and from many processes on the same store, at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from runcast_core.model.errors import Conflict, LeaseLost
from runcast_core.model.executions import (
    DEFAULT_POOL,
    AttemptKey,
    Execution,
    ExecutionSummary,
    Fence,
    OutputEnd,
    Phase,
    Status,
)
from runcast_core.store.account_store import AccountStore, RevocationStore, UserStore
from runcast_core.store.credential_store import CredentialStore, SessionStore
from runcast_core.store.listing import COUNTED, EVERY, LOOKED_AT, Position, Wanted
from runcast_core.store.log_store import LogStore
from runcast_core.store.statistics_store import StatisticsStore

ANNOUNCE_GRACE_MS = 2000
"""How long a claim leaves a queued execution to whoever is about to announce it, so that `PENDING` comes first."""

DEFAULT_POOLS = (DEFAULT_POOL,)


@dataclass(frozen=True, slots=True)
class Backlog:
    """An organization with queued executions, as fairness sees it."""

    organization_id: str
    running: int
    concurrency_limit: int | None


def still_held() -> Conflict:
    """Return what deleting an execution raises while a runner may still be stopping its container."""
    return Conflict("its runner is still stopping the container; try again in a minute", code="STILL_LIVE")


def check_runs(found: Execution | None, attempt: AttemptKey | None) -> None:
    """Raise `LeaseLost` if a report is of one attempt, and that does not run."""
    if attempt is not None and (found is None or not found.runs(attempt)):
        raise LeaseLost("this attempt has ended")


class ExecutionStore(Protocol):
    """Executions as the api sees them."""

    async def create_execution(self, execution: Execution) -> tuple[Execution, bool]:
        """Store it as `PENDING`, unannounced, and return it with True; the same request again returns the first
        with False. Raises `Conflict` (`TASK_EXISTS`) if the task id stands for a different request."""
        ...

    async def execution(self, organization_id: str, task_id: str) -> Execution | None: ...

    async def summary(self, organization_id: str, task_id: str) -> ExecutionSummary | None:
        """The same without its request, which is not read."""
        ...

    async def executions(
        self,
        organization_id: str,
        wanted: Wanted = EVERY,
        *,
        after: Position | None = None,
        down_to: Position | None = None,
        limit: int = 50,
    ) -> list[ExecutionSummary]:
        """Return up to `limit` of those wanted, newest first by (`created_at`, `task_id`): those after `after` only,
        down to and with `down_to`. Without the latter whatever is rare, such as a `text` that few have, costs going
        through all that the organization has, or in these statuses: see `horizon`."""
        ...

    async def horizon(
        self, organization_id: str, wanted: Wanted, *, after: Position | None = None, looked_at: int = LOOKED_AT
    ) -> Position | None:
        """Return where a look from `after` ends that goes through `looked_at` executions, of which it shows those
        wanted: that is read from an index. None if it goes through all that there are, or each of them is shown."""
        ...

    async def live_counts(self, organization_id: str) -> Mapping[Status, int]:
        """Return how many executions there are in each status that is not terminal; those with none may be left out.
        An index is counted, and its part of these only."""
        ...

    async def queue_positions(
        self, organization_id: str, task_ids: Collection[str], *, counted: int = COUNTED
    ) -> Mapping[str, int]:
        """Return, in one look at the organization's queue of each of their pools, 1 for the queued execution that is
        claimed next of its pool, 2 for the one after, and so on, as it is now. Those that are not `PENDING`, or
        external, are left out, and so are those behind the first `counted`."""
        ...

    async def request_cancel(self, organization_id: str, task_id: str) -> Execution:
        """Make a queued execution, or a running external one, `CANCELLED`; flag one that a runner holds, for its next
        `renew`. Flagging raises no `rev`. Raises `NotFound`, or `Conflict` (`ALREADY_ENDED`)."""
        ...

    async def delete_execution(self, organization_id: str, task_id: str) -> None:
        """Remove an ended execution with its output. Raises `NotFound`, or `Conflict` (`STILL_LIVE`): also while a
        runner from which a worker's report took it may still hold its lease, as attempts begin at 1 again when the
        task id is requested again, and the old runner's fence would match."""
        ...

    async def record_external(
        self,
        organization_id: str,
        task_id: str,
        status: Status | None,
        *,
        image: str | None = None,
        error: str | None = None,
        exit_code: int | None = None,
        attempt: AttemptKey | None = None,
    ) -> Execution:
        """Take a worker's report: create an unknown execution as `source: external` (`RUNNING` without a status),
        else change the known one. A status that `Status.may_become` forbids, or None, changes nothing.
        The first terminal status wins, and frees the slot; a runner that held the execution keeps its lease and
        finds out when it renews. Returns the execution as it then is. With `attempt`, which has to be of this
        execution, nothing is created, and `LeaseLost` raised unless that very attempt runs."""
        ...


class LeaseStore(Protocol):
    """Executions as runners see them. Lease times are compared on the store's own clock."""

    async def backlogs(self, pools: Collection[str] = DEFAULT_POOLS) -> list[Backlog]:
        """Return the organizations with claimable executions in these pools: fewest running (in any pool) first, then
        longest unserved. A hint."""
        ...

    async def claim(
        self,
        organization_id: str,
        *,
        runner_id: str,
        lease_ms: int,
        limit: int,
        pools: Collection[str] = DEFAULT_POOLS,
    ) -> Execution | None:
        """Make a `PENDING` execution of the organization in these pools (never an external one) `RUNNING` with
        `attempt` raised: of those with the highest priority the oldest. Each is claimed once, and never are more than
        `limit` of an organization claimed at a time, in all pools together, whoever calls; None if nothing is queued or
        no slot is free. One that is not announced yet is passed over for `ANNOUNCE_GRACE_MS`."""
        ...

    async def renew(self, organization_id: str, task_id: str, fence: Fence, *, lease_ms: int) -> bool:
        """Prolong the lease from now; return whether cancelling was requested. Raises `LeaseLost`."""
        ...

    async def transition(
        self,
        organization_id: str,
        task_id: str,
        fence: Fence,
        status: Status,
        *,
        error: str | None = None,
        exit_code: int | None = None,
        output: OutputEnd | None = None,
        result: Status | None = None,
    ) -> Execution:
        """Move a claimed execution forward, to `ANALYZING` or a terminal status. The latter frees its slot and, in the
        same write, records its attempt as ended with `output`, and with `result` where that is not the execution's own
        status. Raises `LeaseLost` if the fence matches nothing that runs, `Conflict` (`NOT_FORWARD`) for a way back."""
        ...

    async def note_phase(self, organization_id: str, task_id: str, fence: Fence, phase: Phase | None) -> Execution:
        """Give a `RUNNING` execution this phase, or none, as a state of its own: `rev` rises, and it is announced. The
        next change of state takes it away. Raises `LeaseLost`, or `Conflict` (`NOT_FORWARD`) if it is `ANALYZING`."""
        ...

    async def requeue(
        self,
        organization_id: str,
        task_id: str,
        fence: Fence,
        status: Status,
        *,
        error: str | None = None,
        exit_code: int | None = None,
        output: OutputEnd | None = None,
    ) -> Execution:
        """Record in one write that the attempt ended with `status`, and make the execution claimable again: `PENDING`,
        slot free, to be claimed as the next attempt; `CANCELLED` if that was requested. Raises `LeaseLost`."""
        ...

    async def release(self, organization_id: str, task_id: str, fence: Fence) -> Execution:
        """Hand a claimed execution back, and record no attempt as ended: `PENDING` again, slot free (`CANCELLED`, with
        the attempt recorded, if that was requested). Raises `LeaseLost`."""
        ...

    async def held_by(self, runner_id: str) -> list[ExecutionSummary]:
        """Return the claimed executions of this runner, such as a runner finds after its own restart."""
        ...

    async def expired(self, *, limit: int = 100) -> list[ExecutionSummary]:
        """Return claimed executions whose lease ran out."""
        ...

    async def expire(self, organization_id: str, task_id: str, fence: Fence) -> Execution | None:
        """End the attempt of an execution whose lease ran out as `ERROR` with `runner lost`, and with it the execution,
        unless `attempts.retried_when_lost`: then it is `PENDING` again (`CANCELLED` if that was requested). Returns it
        as it then is; None if it was renewed or ended meanwhile."""
        ...


class RetentionStore(Protocol):
    """What goes in the end."""

    async def organization_after(self, organization_id: str) -> str | None:
        """Return the next organization, in the order of ids, that has executions; None after the last one."""
        ...

    async def purge(self, organization_id: str, *, before: int, limit: int = 500) -> bool:
        """Do one step of removing what ended before `before` (UTC milliseconds): of the oldest such execution up to
        `limit` chunks of output, and once there are fewer, the rest with its record. Never one whose lease a runner
        may still hold. Return False if there was none. Safe for many callers at once, and to be broken off."""
        ...


class Store(
    AccountStore,
    UserStore,
    RevocationStore,
    CredentialStore,
    SessionStore,
    ExecutionStore,
    LeaseStore,
    LogStore,
    RetentionStore,
    StatisticsStore,
    Protocol,
):
    """All of it."""

    async def ping(self) -> None:
        """Return if the store answers."""
        ...
