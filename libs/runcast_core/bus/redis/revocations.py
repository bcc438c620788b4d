"""Revocations in Redis: for each organization a hash from subject to milliseconds, and a signal in the same step.

One more hash says who told Redis everything since it was empty, under a name of that telling: what is read between two
looks that found the same name was read from a memory that was whole.
"""

from collections.abc import Mapping

import structlog

from runcast_core.bus import revocations
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.redis.scripts import RedisScripts, Script
from runcast_core.bus.redis.signals import encode_signal
from runcast_core.model.identifiers import CONTROL_CHANNEL, TOLD_KEY, new_id, revoked_key

log = structlog.get_logger()

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
# A removal that is told again is later each time, and no news while the one before holds for long. Beyond the bound
# goes what no token can need any more, and then the oldest, a tenth at a time. The channel is an argument and not a
# key: as a key it gives TRYAGAIN while a cluster migrates its slot.
_REVOKE = Script(
    _NOW
    + """
local keep, most = ARGV[3] * 1000, tonumber(ARGV[4])
local at = math.min(tonumber(ARGV[2]), now + keep)
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or -1)
if at > known then
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
if at > known and (at < now + keep or known < now + keep / 2) then
  redis.call('PUBLISH', ARGV[5], ARGV[6])
end
return dropped
"""
)
_READ = Script("return redis.call('HGETALL', KEYS[1])")
_NAME = Script("return redis.call('HGET', KEYS[1], 'name')")
_AGE = Script(
    _NOW
    + """
local at = redis.call('HGET', KEYS[1], 'at')
return at and math.max(0, now - at)
"""
)
_BEGIN = Script("return redis.call('HSET', KEYS[1], 'telling', ARGV[1])")
_END = Script(
    _NOW
    + """
if redis.call('HGET', KEYS[1], 'telling') ~= ARGV[1] then
  return 0
end
redis.call('HDEL', KEYS[1], 'telling')
redis.call('HSETNX', KEYS[1], 'name', ARGV[1])
redis.call('HSET', KEYS[1], 'at', string.format('%.0f', now))
return 1
"""
)


class RedisRevocations:
    """See `runcast_core.bus.revocations.Revocations`."""

    _scripts: RedisScripts

    async def revoke(self, organization_id: str, subject: str, at_ms: int, keep_s: int) -> None:
        signal = encode_signal(Signal(SignalKind.REVOKE, organization_id, subject=subject))
        arguments = subject, at_ms, keep_s, revocations.MAX_REVOCATIONS, CONTROL_CHANNEL, signal
        dropped = await self._scripts.run(_REVOKE, revoked_key(organization_id), *arguments)
        if dropped:
            log.warning("Revocations forgotten beyond their bound", organization=organization_id, count=dropped)

    async def revocations(self, organization_id: str) -> Mapping[str, int]:
        """The two looks are at another key, which on a cluster another node may have."""
        key = revoked_key(organization_id)
        name = await self._telling_name()
        if name is None:
            raise revocations.not_told()
        found: list[bytes] = await self._scripts.run(_READ, key)
        if await self._telling_name() != name:
            raise revocations.not_told()
        return {subject.decode(): int(at) for subject, at in zip(found[::2], found[1::2], strict=True)}

    async def _telling_name(self) -> bytes | None:
        """Return the name of the first telling since the memory was lost; None before its end."""
        name: bytes | None = await self._scripts.run(_NAME, TOLD_KEY)
        return name

    async def told_ago_ms(self) -> int | None:
        age: int | None = await self._scripts.run(_AGE, TOLD_KEY)
        return age

    async def begin_telling(self) -> str:
        telling = new_id()
        await self._scripts.run(_BEGIN, TOLD_KEY, telling)
        return telling

    async def end_telling(self, telling: str) -> bool:
        return bool(await self._scripts.run(_END, TOLD_KEY, telling))
