"""Revocations in Redis: for each organization a hash from user to milliseconds, and a signal in the same step."""

from collections.abc import Mapping

import structlog

from runcast_core.bus import revocations
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.redis.scripts import RedisScripts, Script
from runcast_core.bus.redis.signals import encode_signal
from runcast_core.model.identifiers import CONTROL_CHANNEL, revoked_key

log = structlog.get_logger()

# Beyond the bound goes what no token can need any more, and then the oldest, a tenth at a time. The channel is an
# argument and not a key: as a key it gives TRYAGAIN while a cluster migrates its slot.
_REVOKE = Script("""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local keep, most = ARGV[3] * 1000, tonumber(ARGV[4])
local at = math.min(tonumber(ARGV[2]), now + keep)
if at > tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or -1) then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', at))
end
if redis.call('PTTL', KEYS[1]) < keep then
  redis.call('PEXPIRE', KEYS[1], keep)
end
local dropped = 0
if redis.call('HLEN', KEYS[1]) > most then
  local all, found = redis.call('HGETALL', KEYS[1]), {}
  for i = 1, #all, 2 do
    if all[i + 1] + keep < now then
      redis.call('HDEL', KEYS[1], all[i])
    else
      found[#found + 1] = {all[i], tonumber(all[i + 1])}
    end
  end
  if #found > most then
    table.sort(found, function(a, b) return a[2] < b[2] end)
    dropped = #found - math.floor(most * 0.9)
    for i = 1, dropped do
      redis.call('HDEL', KEYS[1], found[i][1])
    end
  end
end
redis.call('PUBLISH', ARGV[5], ARGV[6])
return dropped
""")
_READ = Script("return redis.call('HGETALL', KEYS[1])")


class RedisRevocations:
    """See `runcast_core.bus.revocations.Revocations`."""

    _scripts: RedisScripts

    async def revoke(self, organization_id: str, user_id: str, at_ms: int, keep_s: int) -> None:
        signal = encode_signal(Signal(SignalKind.REVOKE, organization_id, user_id=user_id))
        arguments = user_id, at_ms, keep_s, revocations.MAX_REVOCATIONS, CONTROL_CHANNEL, signal
        dropped = await self._scripts.run(_REVOKE, revoked_key(organization_id), *arguments)
        if dropped:
            log.warning("Revocations forgotten beyond their bound", organization=organization_id, count=dropped)

    async def revocations(self, organization_id: str) -> Mapping[str, int]:
        found: list[bytes] = await self._scripts.run(_READ, revoked_key(organization_id))
        return {user_id.decode(): int(at) for user_id, at in zip(found[::2], found[1::2], strict=True)}
