"""The gateway's settings."""

from pydantic import Field

from runcast_core.settings import ServiceSettings, TokenSettings


class GatewaySettings(ServiceSettings, TokenSettings):
    """Everything a gateway reads from its environment."""

    cors_origins: str = Field("*", alias="RUNCAST_CORS_ORIGINS")
    """Origins that may connect, separated by commas. Tokens are sent explicitly, never as cookies: `*` is safe."""
    max_message_bytes: int = Field(65_536, alias="RUNCAST_MAX_MESSAGE_BYTES", ge=1024)
    max_queued_packets: int = Field(20_000, alias="RUNCAST_MAX_QUEUED_PACKETS", ge=100)
    """A socket that lets more pile up is closed; it may come back and read again."""
    ping_interval_s: float = Field(25, alias="RUNCAST_PING_INTERVAL", gt=0)
    ping_timeout_s: float = Field(20, alias="RUNCAST_PING_TIMEOUT", gt=0)
    linger_s: float = Field(30, alias="RUNCAST_LINGER", ge=1)
    """How long an organization stays subscribed after its last socket left."""

    @property
    def allowed_origins(self) -> str | list[str]:
        return "*" if self.cors_origins == "*" else [o.strip() for o in self.cors_origins.split(",") if o.strip()]
