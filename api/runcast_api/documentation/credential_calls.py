"""The calls about keys."""

from runcast_api.accounts import keys
from runcast_api.documentation.call import Access, Call
from runcast_api.models.credentials import NewKey
from runcast_core.model.wire.credentials import Keys, NewKeyAnswer

CREDENTIAL_CALLS = (
    Call(
        "POST",
        "/api/keys",
        keys.create_key,
        "Make an API key or a worker key; its secret is shown this once",
        Access.MANAGER,
        NewKeyAnswer,
        status=201,
        body=NewKey,
    ),
    Call("GET", "/api/keys", keys.list_keys, "List the organization's keys", Access.MANAGER, Keys),
    Call(
        "DELETE",
        "/api/keys/{keyId}",
        keys.revoke_key,
        "Revoke a key: it is refused from now on, and its sockets are closed",
        Access.MANAGER,
        status=204,
    ),
)
