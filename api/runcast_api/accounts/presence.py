"""Who of an organization is connected, over all gateways."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate
from runcast_api.accounts.keys import api_keys_by_subject
from runcast_api.http.answer import Answer
from runcast_core.bus.bus import Bus
from runcast_core.model.accounts import User
from runcast_core.model.credentials import Credential
from runcast_core.model.identifiers import key_of
from runcast_core.model.wire.accounts import PresenceAnswer, PresentUser
from runcast_core.store.store import Store


async def show_presence(request: Request) -> Response:
    """Answer the users and API keys that hold sockets, most first, with what the store knows of them."""
    claims = await authenticate(request)
    bus: Bus = request.app.state.bus
    store: Store = request.app.state.store
    present = await bus.presence(claims.organization_id)
    known = {user.user_id: user for user in await store.users(claims.organization_id)} if present.users else {}
    keys = await api_keys_by_subject(store, claims.organization_id) if any(map(key_of, present.users)) else {}
    users = sorted(present.users.items(), key=lambda item: (-item[1], item[0]))
    shown = tuple(_shown(user_id, sockets, known.get(user_id) or keys.get(user_id)) for user_id, sockets in users)
    return Answer(PresenceAnswer(sockets=present.sockets, users=shown, gateways=present.gateways))


def _shown(user_id: str, sockets: int, who: User | Credential | None) -> PresentUser:
    if who is None:
        return PresentUser(user_id, sockets)
    return PresentUser(user_id, sockets, who.name, who.role)
