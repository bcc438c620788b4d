"""What callers are called."""

from starlette.requests import Request

from runcast_api.http.shown import token_or_key
from runcast_core.access.tokens import Claims
from runcast_core.model.accounts import User
from runcast_core.model.credentials import Credential, secret_hash
from runcast_core.model.identifiers import key_of
from runcast_core.store.store import Store


async def name_of(request: Request, claims: Claims) -> str | None:
    """Return the name of the user, or of the API key, that calls, as it is now; None where it is not known here, as
    where an identity provider keeps the users."""
    store: Store = request.app.state.store
    found: User | Credential | None
    if key_of(claims.user_id) is None:
        found = await store.user(claims.organization_id, claims.user_id)
    else:
        found = await store.credential(secret_hash(token_or_key(request)))
    return found.name if found is not None else None
