"""The account that `runcast up` prints, so that a newcomer's first request works as pasted."""

from collections.abc import Mapping
from dataclasses import dataclass

from runcast_api.accounts.passwords import hash_password
from runcast_core.access.tokens import token_issuer
from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.identifiers import new_id
from runcast_core.serving.settings import TokenSettings
from runcast_core.store.store import Store

EMAIL = "demo@example.com"


@dataclass(frozen=True)
class DemoAccount:
    """How to log in, and a token that saves it."""

    email: str
    password: str
    organization_id: str
    token: str


async def ensure_demo_account(store: Store, settings: Mapping[str, str]) -> DemoAccount | None:
    """Return the demo account, made at the first start; None where tokens come from elsewhere."""
    password, tokens = settings.get("RUNCAST_DEMO_PASSWORD"), TokenSettings.from_mapping(settings)
    if not password or tokens.jwks_url:
        return None
    user = await store.user_by_email(EMAIL)
    if user is None:
        now = now_ms()
        organization = Organization(new_id(), "Demo", now)
        hashed = await hash_password(password)
        user = User(new_id(), organization.organization_id, EMAIL, "Demo", Role.ADMIN, hashed, now)
        await store.create_account(organization, user)
    token = token_issuer(tokens).issue(user.user_id, user.organization_id, user.role)
    return DemoAccount(EMAIL, password, user.organization_id, token)
