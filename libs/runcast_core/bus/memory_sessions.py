"""Revocations and presence within one process: the memory bus's part of them."""

from collections import defaultdict
from collections.abc import Mapping

from runcast_core.bus import presence as contract
from runcast_core.bus import revocations
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.presence import Present
from runcast_core.model.clock import now_ms
from runcast_core.model.identifiers import check_organization_id


class MemorySessions:
    """See `runcast_core.bus.revocations.Revocations` and `runcast_core.bus.presence.Presence`."""

    def __init__(self) -> None:
        self._revoked: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._present: defaultdict[str, dict[str, tuple[int, dict[str, int]]]] = defaultdict(dict)

    async def ping(self) -> None: ...

    async def signal(self, signal: Signal) -> None: ...

    async def revoke(self, organization_id: str, user_id: str, at_ms: int, keep_s: int) -> None:
        await self.ping()
        revoked = self._revoked[check_organization_id(organization_id)]
        at = min(at_ms, now_ms() + keep_s * 1000)
        revoked[user_id] = max(at, revoked.get(user_id, at))
        if len(revoked) > revocations.MAX_REVOCATIONS:
            del revoked[min(revoked, key=revoked.__getitem__)]
        await self.signal(Signal(SignalKind.REVOKE, organization_id, user_id=user_id))

    async def revocations(self, organization_id: str) -> Mapping[str, int]:
        await self.ping()
        return dict(self._revoked[check_organization_id(organization_id)])

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
