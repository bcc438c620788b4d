"""The removal of keys, links and sessions that expired."""

import anyio

from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind, PageSession
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.identifiers import new_id
from runcast_core.store.expiry import sweep_expired
from runcast_core.store.sqlite.store import open_sqlite_store
from tests.parts.conditions import until


async def test_what_expired_goes_and_the_rest_stays(tmp_path, monkeypatch):
    """However much there is, and though the store did not answer once."""
    now = now_ms()
    async with open_sqlite_store(str(tmp_path / "runcast.sqlite")) as store:
        for number in range(700):
            ends = now - 1 if number else now + 60_000
            await store.add_session(PageSession(new_id(), "a", f"u{number}", "hash", now, now, ends))
        await store.add_credential(
            Credential(new_id(), "a", CredentialKind.INVITATION, "1", "u", now, expires_at=now - 1)
        )
        await store.add_credential(Credential(new_id(), "a", CredentialKind.API_KEY, "2", "u", now))
        real, calls = store.remove_expired, []

        async def failing_once(before: int, *, limit: int = 500) -> int:
            calls.append(before)
            if len(calls) == 1:
                raise StoreUnavailable("the store does not answer")
            return await real(before, limit=limit)

        monkeypatch.setattr(store, "remove_expired", failing_once)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: sweep_expired(store, interval=0.01))
            await until(lambda: len(calls) > 5)
            tasks.cancel_scope.cancel()
        assert await real(now + 1) == 0
        assert len(await store.sessions("a", "u0")) == 1
        assert await store.credential("2") is not None
