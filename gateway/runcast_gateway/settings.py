"""The gateway's settings."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from runcast_core.serving.settings import OriginSettings, ServiceSettings, TokenSettings
from runcast_gateway.bounds import Bounds

_DEFAULTS = Bounds()


class GatewaySettings(OriginSettings, ServiceSettings, TokenSettings):
    """Everything a gateway reads from its environment."""

    max_message_bytes: int = Field(65_536, alias="RUNCAST_MAX_MESSAGE_BYTES", ge=1024)
    shed_bytes: int = Field(_DEFAULTS.soft_bytes, alias="RUNCAST_SHED_BYTES", ge=16_384)
    """A socket that lets more pile up is sent no output until it has caught up; it is told what to read again."""
    cut_bytes: int = Field(_DEFAULTS.hard_bytes, alias="RUNCAST_CUT_BYTES", ge=65_536)
    """A socket that lets more pile up is cut off; it may come back."""
    coalesce_ms: float = Field(_DEFAULTS.window_s * 1000, alias="RUNCAST_COALESCE_MS", ge=0, le=1000)
    """The longest that an event of a busy organization waits for others to be written with it."""
    max_watched: int = Field(_DEFAULTS.watched, alias="RUNCAST_MAX_WATCHED", ge=1)
    """Executions that one socket may watch."""
    max_sockets_per_organization: int = Field(
        _DEFAULTS.sockets_per_organization, alias="RUNCAST_MAX_SOCKETS_PER_ORGANIZATION", ge=1
    )
    """On one gateway, as the next."""
    max_sockets_per_user: int = Field(_DEFAULTS.sockets_per_user, alias="RUNCAST_MAX_SOCKETS_PER_USER", ge=1)
    max_messages_per_s: int = Field(_DEFAULTS.messages_per_s, alias="RUNCAST_MAX_MESSAGES_PER_SECOND", ge=1)
    """What one client may send; twice as many at one moment."""
    handshake_s: float = Field(_DEFAULTS.handshake_s, alias="RUNCAST_HANDSHAKE_TIMEOUT", gt=0)
    """How long a connection may take to say who it is."""
    expiry_warning_s: float = Field(60, alias="RUNCAST_EXPIRY_WARNING", ge=0)
    """How long before its token's end a socket is warned."""
    drain_s: float = Field(15, alias="RUNCAST_DRAIN_WINDOW", ge=0)
    """Over how long a gateway that was told to stop spreads the closing of its connections."""
    ping_interval_s: float = Field(25, alias="RUNCAST_PING_INTERVAL", gt=0)
    ping_timeout_s: float = Field(20, alias="RUNCAST_PING_TIMEOUT", gt=0)
    linger_s: float = Field(30, alias="RUNCAST_LINGER", ge=1)
    """How long an organization stays subscribed after its last socket left."""

    @property
    def bounds(self) -> Bounds:
        return Bounds(
            window_s=self.coalesce_ms / 1000,
            soft_bytes=self.shed_bytes,
            hard_bytes=self.cut_bytes,
            watched=self.max_watched,
            sockets_per_organization=self.max_sockets_per_organization,
            sockets_per_user=self.max_sockets_per_user,
            messages_per_s=self.max_messages_per_s,
            handshake_s=self.handshake_s,
        )

    @property
    def allowed_origins(self) -> str | Callable[[str | None, Mapping[str, Any]], bool]:
        """What python-socketio's `cors_allowed_origins` takes."""
        return "*" if self.origins.any_origin else self._allows

    def _allows(self, origin: str | None, environ: Mapping[str, Any]) -> bool:
        """Tell whether a page may connect: one of the setting, or one that came from this very host. The scheme of the
        latter is the page's word, as TLS may end at a load balancer."""
        if origin is None:
            return False
        own = environ.get("HTTP_HOST")
        return self.origins.allows(origin) or (own is not None and origin in {f"http://{own}", f"https://{own}"})
