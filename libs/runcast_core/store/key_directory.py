"""Tells the bus which API keys there are, and which are no more: the store has no other way to a gateway."""

from contextlib import suppress
from functools import partial

import structlog

from runcast_core.bus.bus import Bus
from runcast_core.bus.revocations import Revocation
from runcast_core.model.credentials import ApiKey, Credential, CredentialKind
from runcast_core.model.errors import BusUnavailable, NotFound
from runcast_core.model.identifiers import key_of
from runcast_core.store.store import Store
from runcast_core.store.sweeps import all_of

log = structlog.get_logger()

PAGE = 500


async def tell_key(bus: Bus, key: Credential) -> bool:
    """Tell of a key that was made; False if the bus does not answer: then everything is to be told again."""
    try:
        await _tell(bus, key)
    except BusUnavailable as error:
        log.warning("API key not told to gateways yet", key=key.credential_id, reason=error.message)
        return False
    return True


async def tell_keys(store: Store, bus: Bus) -> None:
    """Tell every key. One that is revoked meanwhile was forgotten, or will be, and is not known again."""
    last = ""
    while page := await store.credentials_after(CredentialKind.API_KEY, last, limit=PAGE):
        await all_of(partial(_tell, bus), page)
        last = page[-1].credential_id


async def tell_revocation(bus: Bus, revocation: Revocation, keep_s: int) -> None:
    """Tell the revocation; a key's is for ever, so the key is forgotten first."""
    credential_id = key_of(revocation.subject)
    if credential_id is not None:
        await bus.forget_key(credential_id)
    await bus.revoke(revocation.organization_id, revocation.subject, revocation.at, keep_s)


async def forget_keys(store: Store, bus: Bus, organization_id: str) -> None:
    """Forget the keys of a deleted organization, and remove them: they may outlive what is remembered of its
    deletion."""
    kinds = [CredentialKind.API_KEY]
    for key in await store.credentials(organization_id, kinds):
        await bus.forget_key(key.credential_id)
        with suppress(NotFound):  # by another api
            await store.remove_credential(organization_id, key.credential_id, kinds)


async def _tell(bus: Bus, key: Credential) -> None:
    await bus.tell_key(key.secret_hash, ApiKey.of(key))
