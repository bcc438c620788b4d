"""Who of an organization is connected, over all gateways."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runcast_api.accounts.authentication import authenticate
from runcast_core.bus.bus import Bus
from runcast_core.model.accounts import User
from runcast_core.store.store import Store


async def show_presence(request: Request) -> Response:
    """Answer the users that hold sockets, most first, with what the store knows of them."""
    claims = await authenticate(request)
    bus: Bus = request.app.state.bus
    store: Store = request.app.state.store
    present = await bus.presence(claims.organization_id)
    known = {user.user_id: user for user in await store.users(claims.organization_id)} if present.users else {}
    users = sorted(present.users.items(), key=lambda item: (-item[1], item[0]))
    shown = [_shown(user_id, sockets, known.get(user_id)) for user_id, sockets in users]
    return JSONResponse({"sockets": present.sockets, "users": shown, "gateways": present.gateways})


def _shown(user_id: str, sockets: int, user: User | None) -> dict[str, Any]:
    named = {"name": user.name, "role": user.role.value} if user else {}
    return {"userId": user_id, "sockets": sockets} | named
