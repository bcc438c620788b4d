"""Presence in Redis: for each organization a hash from gateway to what it told, with the time by Redis's own clock."""

from collections.abc import Mapping

import orjson

from runcast_core.bus import presence as contract
from runcast_core.bus.presence import Present
from runcast_core.bus.redis.scripts import RedisScripts, Script
from runcast_core.model.identifiers import presence_key

# An entry is {"at":<milliseconds>,"users":{…}}; `at` is read without decoding the rest.
_FRESH = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all, fresh = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local at = tonumber(string.match(all[i + 1], '^{"at":(%d+),'))
  if at and at + ARGV[1] >= now then
    fresh[#fresh + 1] = all[i + 1]
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
"""
_NOTE = Script(
    _FRESH
    + """
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], '{"at":' .. string.format('%.0f', now) .. ',"users":' .. ARGV[3] .. '}')
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
"""
)
_READ = Script(_FRESH + "return fresh")


class RedisPresence:
    """See `runcast_core.bus.presence.Presence`. One organization a script, as each may be in another slot of a
    cluster."""

    _scripts: RedisScripts

    async def note_presence(self, gateway_id: str, presence: Mapping[str, Mapping[str, int]]) -> None:
        def call(organization_id: str, users: Mapping[str, int]) -> tuple[str, tuple[int, str, bytes]]:
            told = orjson.dumps(dict(users)) if users else b""
            return presence_key(organization_id), (contract.STALE_MS, gateway_id, told)

        await self._scripts.run_each(_NOTE, [call(*item) for item in presence.items()])

    async def presence(self, organization_id: str) -> Present:
        found: list[bytes] = await self._scripts.run(_READ, presence_key(organization_id), contract.STALE_MS)
        return Present.summed(orjson.loads(entry)["users"] for entry in found)
