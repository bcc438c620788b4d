"""Who calls: a bearer token becomes claims, and the role decides about writing."""

from functools import partial

from starlette.requests import Request

from runcast_api.accounts.shown_credentials import shown_credential
from runcast_api.http.problems import Forbidden
from runcast_api.http.reauthentication import authenticated_by
from runcast_api.http.shown import token_or_key
from runcast_core.access.key_claims import key_claims
from runcast_core.access.tokens import Claims, refused
from runcast_core.model.accounts import Role, Standing
from runcast_core.model.credentials import ApiKey, CredentialKind, is_api_key
from runcast_core.model.errors import InvalidToken
from runcast_core.model.identifiers import key_of


async def authenticate(request: Request) -> Claims:
    """Return the claims of the bearer token, or of the API key.

    An organization, or a user, that the store never heard of is accepted, as the verified token is the authority; a
    deleted organization is refused, and a token from before the user's sessions were revoked. Raises `InvalidToken`.
    """
    token = token_or_key(request)
    claims = await _verified(request, token)
    authenticated_by(request, partial(_look_again, request, token, claims))
    await _check_standing(request, claims)
    return claims


async def _look_again(request: Request, token: str, claims: Claims) -> None:
    """Refuse who was accepted before if that was revoked since: the organization, the user, the session or the key. A
    change of the role revokes what says the old one. That a token ends meanwhile is no reason."""
    if is_api_key(token):
        await _verified(request, token)
    await _check_standing(request, claims)


async def _check_standing(request: Request, claims: Claims) -> None:
    standing: Standing = await request.app.state.store.standing(claims.organization_id, claims.subjects)
    if standing.organization_deleted:
        raise InvalidToken("the organization was deleted", code="ORGANIZATION_DELETED")
    if standing.sessions_revoked_at is not None and claims.revoked_by(standing.sessions_revoked_at):
        raise InvalidToken("the session was revoked; log in again", code="SESSION_REVOKED")


async def authenticate_person(request: Request) -> Claims:
    """Return the claims of somebody who logged in, for what they do for themselves. Raises `InvalidToken`, or
    `Forbidden` for a key."""
    return _person(await authenticate(request))


async def authenticate_writer(request: Request) -> Claims:
    """Return the claims of somebody who may change things. Raises `InvalidToken`, `Forbidden`."""
    claims = await authenticate(request)
    if claims.role is Role.VIEWER:
        raise Forbidden("a viewer may only read; ask for the role developer")
    return claims


async def authenticate_admin(request: Request) -> Claims:
    """Return the claims of somebody who may manage the organization. Raises `InvalidToken`, `Forbidden`."""
    claims = await authenticate(request)
    if claims.role is not Role.ADMIN:
        raise Forbidden("only an admin may manage the organization and its users")
    return claims


async def authenticate_manager(request: Request) -> Claims:
    """Return the claims of an admin who logged in, for what would let a key make itself others: credentials, and who is
    a member. Raises `InvalidToken`, `Forbidden`."""
    return _person(await authenticate_admin(request))


async def _verified(request: Request, token: str) -> Claims:
    if is_api_key(token):
        found = await shown_credential(request, token, CredentialKind.API_KEY)
        if found is None:
            raise refused()
        return key_claims(ApiKey.of(found))
    claims: Claims = await request.app.state.verifier.verify(token)
    return claims


def _person(claims: Claims) -> Claims:
    if key_of(claims.user_id) is not None:
        raise Forbidden("an API key may not do this; log in and use that token")
    return claims


def check_scope(claims: Claims, image: str | None, pool: str) -> None:
    """Raise `Forbidden` where an API key is not for this image in this pool."""
    if not claims.scope.allows(image, pool):
        raise Forbidden(f"this API key is good for others only; {claims.scope}")


def check_accounts_here(request: Request) -> None:
    """Raise `Forbidden` where an identity provider keeps the accounts."""
    if request.app.state.settings.jwks_url is not None:
        raise Forbidden("accounts are kept by this installation's identity provider; manage them and log in there")
