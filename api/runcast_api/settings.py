"""The api's settings."""

from ipaddress import IPv4Network, IPv6Network, ip_network

from pydantic import Field, SecretStr, field_validator

from runcast_core.settings import ServiceSettings, StoreSettings, TokenSettings


class ApiSettings(ServiceSettings, StoreSettings, TokenSettings):
    """Everything an api reads from its environment."""

    max_body_bytes: int = Field(1_048_576, alias="RUNCAST_MAX_BODY_BYTES", ge=1024)
    callback_token: SecretStr | None = Field(None, alias="RUNCAST_CALLBACK_TOKEN")
    callback_networks: tuple[IPv4Network | IPv6Network, ...] = Field((), alias="RUNCAST_CALLBACK_NETWORKS")
    """Peers, by the socket's address, whose callbacks need no token. Networks separated by commas."""
    global_fallback: bool = Field(False, alias="RUNCAST_GLOBAL_FALLBACK")
    """Whether a callback without `organizationId` goes to every socket; for a transition only."""
    public_signup: bool = Field(True, alias="RUNCAST_PUBLIC_SIGNUP")
    cors_origins: str = Field("*", alias="RUNCAST_CORS_ORIGINS")
    """Origins of dashboards, separated by commas, or `*`. Calls carry a bearer token and never a cookie."""

    @field_validator("callback_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        return tuple(ip_network(part.strip()) for part in value.split(",")) if isinstance(value, str) else value
