"""The session of a page, opened where somebody logs in; `refresh.py` keeps it going."""

import secrets

from starlette.requests import Request

from runcast_api.accounts.pages.chain import Chain
from runcast_api.accounts.pages.cookie import LIFETIME_S
from runcast_core.model.accounts import User
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import PageSession, secret_hash
from runcast_core.model.identifiers import new_id
from runcast_core.store.store import Store

TOKEN_LIFETIME_S = 15 * 60
"""Of the tokens that a session gives out."""
_AGENT_LENGTH = 256


async def open_session(request: Request, user: User) -> tuple[PageSession, str]:
    """Return a new session, and the value of its cookie."""
    secret, now = secrets.token_urlsafe(32), now_ms()
    session = PageSession(
        session_id=new_id(),
        organization_id=user.organization_id,
        user_id=user.user_id,
        secret_hash=secret_hash(secret),
        created_at=now,
        last_used_at=now,
        expires_at=now + LIFETIME_S * 1000,
        agent=_agent(request),
    )
    store: Store = request.app.state.store
    await store.add_session(session)
    chain: Chain = request.app.state.chain
    return session, chain.value(session.session_id, secret)


def _agent(request: Request) -> str:
    """Return what the browser calls itself; anything may stand there."""
    return "".join(filter(str.isprintable, request.headers.get("user-agent", "")))[:_AGENT_LENGTH]
