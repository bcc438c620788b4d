"""Who calls: a bearer token becomes claims, and the role decides about writing."""

from starlette.requests import Request

from runcast_api.problems import Forbidden
from runcast_core.accounts import Role
from runcast_core.errors import InvalidToken
from runcast_core.tokens import Claims


async def authenticate(request: Request) -> Claims:
    """Return the claims of the bearer token.

    An organization that the store never heard of is accepted, as the verified token is the authority; a deleted one is
    refused. Raises `InvalidToken`.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidToken("Authentication required", code="AUTHENTICATION_REQUIRED")
    claims: Claims = await request.app.state.verifier.verify(token.strip())
    organization = await request.app.state.store.organization(claims.organization_id)
    if organization is not None and organization.deleted:
        raise InvalidToken("the organization was deleted", code="ORGANIZATION_DELETED")
    return claims


async def authenticate_writer(request: Request) -> Claims:
    """Return the claims of somebody who may change things. Raises `InvalidToken`, `Forbidden`."""
    claims = await authenticate(request)
    if claims.role is Role.VIEWER:
        raise Forbidden("a viewer may only read; ask for the role developer")
    return claims
