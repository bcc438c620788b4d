"""The private session id of Socket.IO's connection state recovery: what a client has to say to be recovered.

https://socket.io/docs/v4/connection-state-recovery. It is kept by the client alone and worth nothing without a token of
the same organization and user.
"""

import re
import secrets
from dataclasses import dataclass

from runcast_core.access.tokens import Claims

_NONCE = re.compile(r"[A-Za-z0-9_-]{1,64}")
UNKNOWN_EPOCH = "-"
"""Of a client that came while Redis did not answer. No journal has it."""


@dataclass(frozen=True, slots=True)
class Pid:
    """`<epoch>.<organization>.<user>.<nonce>`. Of these only the user may hold a dot."""

    epoch: str
    organization_id: str
    user_id: str
    nonce: str

    def __str__(self) -> str:
        return f"{self.epoch}.{self.organization_id}.{self.user_id}.{self.nonce}"

    def belongs_to(self, claims: Claims) -> bool:
        return (self.organization_id, self.user_id) == (claims.organization_id, claims.user_id)


def new_pid(epoch: str | None, claims: Claims) -> Pid:
    return Pid(epoch or UNKNOWN_EPOCH, claims.organization_id, claims.user_id, secrets.token_urlsafe(9))


def parse_pid(text: str) -> Pid | None:
    """Return the parts of a pid. None for what is none."""
    epoch, _, rest = text.partition(".")
    organization_id, _, rest = rest.partition(".")
    user_id, _, nonce = rest.rpartition(".")
    return Pid(epoch, organization_id, user_id, nonce) if user_id and _NONCE.fullmatch(nonce) else None
