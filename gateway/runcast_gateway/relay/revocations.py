"""Which tokens of this gateway's organizations were revoked. It learns that from the bus and closes nothing itself."""

from collections.abc import Callable, Iterable, Set
from contextlib import ExitStack
from itertools import islice

import anyio
import structlog

from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import Bus, SignalKind
from runcast_core.bus.revocations import MAX_REVOCATIONS
from runcast_core.model.errors import BusUnavailable

log = structlog.get_logger()

Close = Callable[[str, Set[str]], None]
"""Called, without waiting, with the organization and the subjects when `refuses` may have changed for some of their
sockets: those whose claims it refuses now are to be closed."""
RETRY_S = 1.0
_AT_ONCE = 20
_MAX_HELD = 2 * MAX_REVOCATIONS


class Revocations:
    """For each organization that is held, its subjects with the time before which their tokens are worthless.

    A socket is let in so: `load`, then ask `refuses` and let it join in one step without waiting. What is revoked later
    comes through `run`, which calls `close` after `refuses` has changed, so no socket falls between the two.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._held: dict[str, dict[str, int]] = {}
        self._due: dict[str, None] = {}
        self._look = anyio.Event()
        self._close: Close | None = None
        self._failing = False

    async def load(self, organization_id: str) -> None:
        """Hold an organization from now on, and return once what the bus knows of it is known here. Raises
        `BusUnavailable`; then, or if it is cancelled, the organization is held all the same, refuses nobody new, and is
        read by `run` as soon as that is possible."""
        self._held.setdefault(organization_id, {})
        with ExitStack() as unread:
            unread.callback(self._want, [organization_id])
            await self._read(organization_id)
            unread.pop_all()

    def forget(self, organization_id: str) -> None:
        """Hold it no more: no socket of it is here, and none is being let in."""
        self._held.pop(organization_id, None)
        self._due.pop(organization_id, None)

    def refuses(self, claims: Claims) -> bool:
        """Tell whether the token was revoked, as far as is known. Of an organization that is not held, none is."""
        held = self._held.get(claims.organization_id)
        return held is not None and any(s in held and claims.revoked_by(held[s]) for s in claims.subjects)

    async def run(self, close: Close) -> None:
        """Follow revocations for ever, and call `close` for each that is new. What was missed while the bus could not
        be heard is made good when it can."""
        self._close = close
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._read_due)
            await self._listen()

    async def _listen(self) -> None:
        async with self._bus.signals() as signals:
            self._want(self._held)
            async for signal in signals:
                if signal.kind is SignalKind.REVOKE:
                    self._want(self._held.keys() & {signal.organization_id})
                elif signal.kind is SignalKind.WAKE and not signal.organization_id:
                    self._want(self._held)

    def _want(self, organization_ids: Iterable[str]) -> None:
        self._due |= dict.fromkeys(organization_ids)
        self._look.set()

    async def _read_due(self) -> None:
        """Read again, for ever, what is due: many revocations at a time are one look, and a failed look is repeated."""
        while True:
            await self._look.wait()
            self._look = anyio.Event()
            while batch := list(islice(self._due, _AT_ONCE)):
                async with anyio.create_task_group() as tasks:
                    for organization_id in batch:
                        del self._due[organization_id]
                        tasks.start_soon(self._read_again, organization_id)
                if self._failing:
                    await anyio.sleep(RETRY_S)

    async def _read_again(self, organization_id: str) -> None:
        try:
            await self._read(organization_id)
        except BusUnavailable as error:
            if not self._failing:
                log.warning("Revocations not read", reason=error.message)
            self._failing = True
            self._due |= dict.fromkeys(self._held.keys() & {organization_id})
        else:
            self._failing = False

    async def _read(self, organization_id: str) -> None:
        """Take over what the bus knows; what is known here stays, as Redis may have been flushed."""
        found = await self._bus.revocations(organization_id)
        held = self._held.get(organization_id)
        if held is None:
            return  # forgotten meanwhile
        new = {subject: at for subject, at in found.items() if at > held.get(subject, 0)}
        held |= new
        if len(held) > _MAX_HELD:
            for subject in sorted(held, key=held.__getitem__)[: len(held) - MAX_REVOCATIONS]:
                del held[subject]
        if new and self._close is not None:
            self._close(organization_id, new.keys())
