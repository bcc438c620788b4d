"""An identity provider's keys as they are kept: who names one that is known waits for nothing.

One refresh at a time, in a thread of its own, and a pause after each: whatever key ids strangers make up, the provider
is asked no more often.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import anyio
import jwt
import structlog

from runcast_core.model.errors import KeysUnavailable

log = structlog.get_logger()

FRESH_S = 300.0
"""After which the use of a key asks for all of them again, in the background."""
KEPT_S = 3600.0
"""After which keys that the provider did not tell again are worth nothing: one of them may be withdrawn."""
PAUSE_S = 3.0
"""From the end of a refresh, good or failed, to the next one."""
WAIT_S = 5.0
"""How long somebody waits for a refresh, who names a key that is not known."""
GIVE_UP_S = 10.0
"""After which a refresh counts as failed, whatever its thread still waits for."""
MOST_THREADS = 3
"""That may be there, those that were given up included; at so many no refresh is begun."""

Keys = Mapping[str, jwt.PyJWK]


class _Refresh:
    """One that is under way."""

    def __init__(self, begun_at: float) -> None:
        self.begun_at = begun_at
        self.ended = anyio.Event()
        self.give_up: asyncio.TimerHandle | None = None


class ProviderKeys:
    """The keys of one provider, for one event loop. `fetch` blocks, and raises where the provider tells none."""

    def __init__(self, fetch: Callable[[], Keys]) -> None:
        self._fetch = fetch
        self._keys: Keys = {}
        self._begun_at = -math.inf
        """When the refresh began that brought them."""
        self._next_at = -math.inf
        self._running: _Refresh | None = None
        self._threads: list[threading.Thread] = []
        self._failing = False

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key. None if a refresh that was begun after this was asked for did not bring it; `KeysUnavailable`
        is raised where that cannot be said now."""
        asked_at = time.monotonic()
        key = self._known(key_id)
        if key is not None:
            if asked_at - self._begun_at >= FRESH_S:
                self._refresh(asked_at)
            return key
        self._refresh(asked_at)
        if self._running is not None:
            with anyio.move_on_after(WAIT_S):
                await self._running.ended.wait()
        key = self._known(key_id)
        if key is None and self._begun_at < asked_at:
            raise KeysUnavailable("the identity provider's keys could not be read from JWKS_URL just now; try again")
        return key

    def _known(self, key_id: str) -> jwt.PyJWK | None:
        return self._keys.get(key_id) if time.monotonic() - self._begun_at < KEPT_S else None

    def _refresh(self, now: float) -> None:
        """Begin one, unless one runs, or did just now."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        if self._running is not None or now < self._next_at or len(self._threads) >= MOST_THREADS:
            return
        refresh, loop = _Refresh(now), asyncio.get_running_loop()
        thread = threading.Thread(target=self._run, args=(refresh, loop), name="jwks", daemon=True)
        self._running = refresh
        refresh.give_up = loop.call_later(GIVE_UP_S, self._end, refresh, None, "no answer in time")
        try:
            thread.start()
        except RuntimeError:  # this process has all the threads that it may have
            self._end(refresh, None, "no thread")
        else:
            self._threads.append(thread)

    def _run(self, refresh: _Refresh, loop: asyncio.AbstractEventLoop) -> None:
        keys, reason = None, ""
        try:
            keys = self._fetch()
        except Exception as exc:  # whatever a provider answers, or does not
            reason = type(exc).__name__
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(self._end, refresh, keys, reason)

    def _end(self, refresh: _Refresh, keys: Keys | None, reason: str) -> None:
        if refresh is not self._running:
            return  # it was given up
        self._running, self._next_at = None, time.monotonic() + PAUSE_S
        if refresh.give_up is not None:
            refresh.give_up.cancel()
        if keys is not None:
            self._keys, self._begun_at = keys, refresh.begun_at
        elif not self._failing:
            log.warning("Identity provider's keys not read", reason=reason)
        self._failing = keys is None
        refresh.ended.set()
