"""Revocations and presence within one process: the memory bus's part of them."""

from collections import defaultdict
from collections.abc import Mapping

from runcast_core.bus import presence as contract
from runcast_core.bus import revocations
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.presence import Present
from runcast_core.model.clock import now_ms
from runcast_core.model.identifiers import check_organization_id, new_id


class MemorySessions:
    """See `runcast_core.bus.revocations.Revocations` and `runcast_core.bus.presence.Presence`. It counts as told
    everything until it is made to `lose_memory`."""

    def __init__(self) -> None:
        self._told_at: int | None = now_ms()
        self._telling = ""
        self._revoked: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._present: defaultdict[str, dict[str, tuple[int, dict[str, int]]]] = defaultdict(dict)

    async def ping(self) -> None: ...

    async def signal(self, signal: Signal) -> None: ...

    async def revoke(self, organization_id: str, subject: str, at_ms: int, keep_s: int) -> None:
        await self.ping()
        revoked = self._revoked[check_organization_id(organization_id)]
        now, keep = now_ms(), keep_s * 1000
        at, known = min(at_ms, now + keep), revoked.get(subject, -1)
        revoked[subject] = max(at, known)
        if len(revoked) > revocations.MAX_REVOCATIONS:
            del revoked[min(revoked, key=revoked.__getitem__)]
        if at > known and (at < now + keep or known < now + keep // 2):
            await self.signal(Signal(SignalKind.REVOKE, organization_id, subject=subject))

    async def revocations(self, organization_id: str) -> Mapping[str, int]:
        await self.ping()
        found = self._revoked[check_organization_id(organization_id)]
        if self._told_at is None:
            raise revocations.not_told()
        return dict(found)

    async def told_ago_ms(self) -> int | None:
        await self.ping()
        return None if self._told_at is None else max(0, now_ms() - self._told_at)

    async def begin_telling(self) -> str:
        await self.ping()
        self._telling = new_id()
        return self._telling

    async def end_telling(self, telling: str) -> bool:
        await self.ping()
        if self._telling != telling:
            return False
        self._telling, self._told_at = "", now_ms()
        return True

    def lose_memory(self) -> None:
        """Forget what was revoked, as Redis does when it is flushed or started again without what it had."""
        self._revoked.clear()
        self._told_at, self._telling = None, ""

    async def note_presence(self, gateway_id: str, presence: Mapping[str, Mapping[str, int]]) -> None:
        await self.ping()
        for organization_id, users in presence.items():
            gateways = self._present[check_organization_id(organization_id)]
            gateways.pop(gateway_id, None)
            if users:
                gateways[gateway_id] = now_ms(), dict(users)

    async def presence(self, organization_id: str) -> Present:
        await self.ping()
        gateways = self._present[check_organization_id(organization_id)]
        fresh = {name: told for name, told in gateways.items() if told[0] + contract.STALE_MS >= now_ms()}
        self._present[organization_id] = fresh
        return Present.summed(users for _, users in fresh.values())
