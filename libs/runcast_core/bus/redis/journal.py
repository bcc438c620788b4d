"""The journals in Redis, one stream per organization, and the scripts that alone write and read them.

Each script is one atomic step on one node: appending and publishing, so that both have the same order and offsets;
reading and naming the epoch, so that both are of one history.
"""

from typing import Any

from runcast_core.bus.bus import JOURNAL_BYTES, JOURNAL_ENTRIES, JournalPage, JournalTail
from runcast_core.bus.redis.message import decode, encode
from runcast_core.bus.redis.scripts import Script
from runcast_core.bus.redis.servers import Servers
from runcast_core.model.events import Event, mark
from runcast_core.model.identifiers import events_channel, journal_key

JOURNAL_TTL_S = 3600

# The channel is an argument and not a key: as a key it gives TRYAGAIN while a cluster migrates its slot.
_APPEND = """
local function append(command, channel, message, entries, bytes, ttl)
  local id = redis.call('XADD', KEYS[1], 'MAXLEN', entries, '*', 'e', message)
  redis.call('EXPIRE', KEYS[1], ttl)
  if redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 8) > tonumber(bytes) then
    redis.call('XTRIM', KEYS[1], 'MAXLEN', math.floor(redis.call('XLEN', KEYS[1]) * 0.75))
  end
  redis.call(command, channel, id .. ' ' .. message)
  return id
end
"""
# A replica may lag behind, and one that was demoted is told so in the words that make a client look for the master.
_EPOCH = """
local told = redis.call('INFO', 'replication')
local epoch = string.match(told, 'master_replid:(%x+)')
if string.match(told, 'role:(%a+)') ~= 'master' or not epoch then
  return redis.error_reply('READONLY the journal is read from the master only')
end
"""

_PUBLISH = Script(_APPEND + "return append(unpack(ARGV))")
_PAGE = Script(_EPOCH + "return {epoch, redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])}")
_TAIL = Script(
    f"""{_APPEND}{_EPOCH}
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
return {{epoch, last[1] and last[1][1] or append(unpack(ARGV))}}
"""
)


class RedisJournals:
    """What `runcast_core.bus.bus.Bus` says of publishing and of journals; raises what redis-py raises."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._command = "SPUBLISH" if servers.sharded else "PUBLISH"

    async def publish(self, organization_id: str, event: Event) -> str:
        arguments = self._appended(organization_id, event)
        offset: bytes = await _PUBLISH.run(self._servers, journal_key(organization_id), *arguments)
        return offset.decode()

    async def page(self, organization_id: str, start: str, count: int) -> JournalPage:
        epoch, entries = await _PAGE.run(self._servers, journal_key(organization_id), start, count)
        return JournalPage(epoch.decode(), [decode(organization_id, offset + b" " + f[1]) for offset, f in entries])

    async def tail(self, organization_id: str) -> JournalTail:
        arguments = self._appended(organization_id, mark())
        epoch, offset = await _TAIL.run(self._servers, journal_key(organization_id), *arguments)
        return JournalTail(epoch.decode(), offset.decode())

    async def keep(self, organization_id: str) -> None:
        key = journal_key(organization_id)
        await self._servers.execute(key, "EXPIRE", key, JOURNAL_TTL_S)

    def _appended(self, organization_id: str, event: Event) -> tuple[Any, ...]:
        bounds = (JOURNAL_ENTRIES, JOURNAL_BYTES, JOURNAL_TTL_S)
        return self._command, events_channel(organization_id), encode(event), *bounds
