"""The keys of an organization: made, listed and revoked by its admins, never by a key."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate_manager
from runcast_api.accounts.sessions import tell_gateways
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import read
from runcast_api.models.credentials import NewKey
from runcast_core.access.tokens import Claims
from runcast_core.bus.revocations import REMOVED
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind, id_of, new_secret, secret_hash
from runcast_core.model.errors import NotFound, RuncastError
from runcast_core.model.identifiers import key_of, key_subject
from runcast_core.model.wire.credentials import KeyAnswer, Keys, NewKeyAnswer
from runcast_core.store.key_directory import tell_key
from runcast_core.store.store import Store

KINDS = (CredentialKind.API_KEY, CredentialKind.WORKER_KEY)
_DAY_MS = 86_400_000


async def create_key(request: Request) -> Response:
    claims = await authenticate_manager(request)
    body = await read(NewKey, request)
    body.check()
    secret = new_secret(body.kind)
    credential = _made(body, claims, secret)
    await _keep(request, credential)
    return Answer(NewKeyAnswer.of(credential, secret=secret), 201)


async def list_keys(request: Request) -> Response:
    claims = await authenticate_manager(request)
    store: Store = request.app.state.store
    found = await store.credentials(claims.organization_id, KINDS)
    return Answer(Keys(keys=tuple(map(KeyAnswer.of, found))))


async def revoke_key(request: Request) -> Response:
    """Refuse it from now on, then remove it. Whoever calls again after a failure in between finishes that."""
    claims = await authenticate_manager(request)
    store: Store = request.app.state.store
    key = await _key(store, claims.organization_id, request.path_params["keyId"])
    if key.kind is CredentialKind.API_KEY:
        revocation = await store.revoke_sessions(key.organization_id, key_subject(key.credential_id), REMOVED)
        await store.remove_credential(key.organization_id, key.credential_id, KINDS)
        await tell_gateways(request, revocation)
    else:
        await store.remove_credential(key.organization_id, key.credential_id, KINDS)
    return Response(status_code=204)


async def api_keys_by_subject(store: Store, organization_id: str) -> dict[str, Credential]:
    """Return the organization's API keys by what each is known as where a user is."""
    found = await store.credentials(organization_id, [CredentialKind.API_KEY])
    return {key_subject(key.credential_id): key for key in found}


async def key_name(store: Store, claims: Claims) -> str | None:
    """Return what the API key is called that the claims are of; None if they are of a person."""
    if key_of(claims.user_id) is None:
        return None
    key = (await api_keys_by_subject(store, claims.organization_id)).get(claims.user_id)
    return key.name if key else None


async def _key(store: Store, organization_id: str, key_id: str) -> Credential:
    for key in await store.credentials(organization_id, KINDS):
        if key.credential_id == key_id:
            return key
    raise NotFound("no such key")


async def _keep(request: Request, key: Credential) -> None:
    """Store a key, then tell the gateways of it, unless whoever makes it lost their rights meanwhile: when an
    organization is deleted, the keys that it has by then are removed, and none may come after."""
    store: Store = request.app.state.store
    await store.add_credential(key)
    try:
        await authenticate_manager(request)
    except RuncastError:
        await store.remove_credential(key.organization_id, key.credential_id, KINDS)
        raise
    if key.kind is CredentialKind.API_KEY and not await tell_key(request.app.state.bus, key):
        request.app.state.teller.tell_again()


def _made(body: NewKey, claims: Claims, secret: str) -> Credential:
    now, hashed = now_ms(), secret_hash(secret)
    return Credential(
        id_of(hashed),
        claims.organization_id,
        body.kind,
        hashed,
        claims.user_id,
        now,
        name=body.name,
        role=body.role,
        pools=tuple(dict.fromkeys(body.pools)),
        images=tuple(dict.fromkeys(body.images)),
        expires_at=now + body.expires_in_days * _DAY_MS if body.expires_in_days else None,
    )
