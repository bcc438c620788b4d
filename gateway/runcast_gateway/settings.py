"""The gateway's settings."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from runcast_core.settings import OriginSettings, ServiceSettings, TokenSettings


class GatewaySettings(OriginSettings, ServiceSettings, TokenSettings):
    """Everything a gateway reads from its environment."""

    max_message_bytes: int = Field(65_536, alias="RUNCAST_MAX_MESSAGE_BYTES", ge=1024)
    max_queued_packets: int = Field(20_000, alias="RUNCAST_MAX_QUEUED_PACKETS", ge=100)
    """A socket that lets more pile up is closed; it may come back and read again."""
    ping_interval_s: float = Field(25, alias="RUNCAST_PING_INTERVAL", gt=0)
    ping_timeout_s: float = Field(20, alias="RUNCAST_PING_TIMEOUT", gt=0)
    linger_s: float = Field(30, alias="RUNCAST_LINGER", ge=1)
    """How long an organization stays subscribed after its last socket left."""

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
