"""Whose credential was shown, by its hash; and that it was used."""

from starlette.requests import Request

from runcast_core.model.credentials import MAX_SECRET_LENGTH, Credential, CredentialKind, secret_hash
from runcast_core.store.store import Store


async def shown_credential(request: Request, secret: str, kind: CredentialKind) -> Credential | None:
    """Return the credential of this kind that has the secret; None if there is none, or not any more. Whether its
    organization is still there is not looked at."""
    if len(secret) > MAX_SECRET_LENGTH:
        return None
    store: Store = request.app.state.store
    found = await store.credential(secret_hash(secret))
    if found is None or found.kind is not kind:
        return None
    request.app.state.last_uses.note(found)
    return found
