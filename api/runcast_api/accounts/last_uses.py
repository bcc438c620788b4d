"""Notes when keys were last used, beside the calls that use them: none waits for it, and none fails with it."""

from collections import OrderedDict

import anyio
import structlog

from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential
from runcast_core.model.errors import StoreUnavailable
from runcast_core.store.store import Store

log = structlog.get_logger()

EVERY_MS = 60_000
"""How often the last use of a key is noted at most."""
MAX_KNOWN = 10_000
"""Keys whose last note is remembered; beyond it the oldest is forgotten, and may be noted again too soon."""
MAX_DUE = 1000
"""Notes that wait for the store; beyond it there are none, and the next use is noted instead."""


class LastUses:
    """`run` has to run beside."""

    def __init__(self) -> None:
        self._noted: OrderedDict[str, int] = OrderedDict()
        self._due: dict[str, int] = {}
        self._look = anyio.Event()

    def note(self, credential: Credential) -> None:
        """Have this use noted soon, unless one was within `EVERY_MS`."""
        now, secret_hash = now_ms(), credential.secret_hash
        last = self._noted.get(secret_hash) or credential.last_used_at or 0
        if now - last >= EVERY_MS and len(self._due) < MAX_DUE:
            self._noted[secret_hash] = self._due[secret_hash] = now
            self._noted.move_to_end(secret_hash)
            if len(self._noted) > MAX_KNOWN:
                self._noted.popitem(last=False)
            self._look.set()

    async def run(self, store: Store) -> None:
        """Note what is due, for ever. What the store does not take is left out."""
        while True:
            await self._look.wait()
            self._look = anyio.Event()
            while self._due:
                secret_hash, at = self._due.popitem()
                try:
                    await store.note_credential_used(secret_hash, at)
                except StoreUnavailable as error:
                    log.warning("Last use of a key not noted", reason=error.message)
