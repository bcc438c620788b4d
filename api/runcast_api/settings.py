"""The api's settings."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from pydantic import Field, SecretStr, field_validator

from runcast_core.serving.origins import as_sent
from runcast_core.serving.settings import (
    OriginSettings,
    QuotaSettings,
    SecretsSettings,
    ServiceSettings,
    StoreSettings,
    TokenSettings,
)

_HOST = re.compile(r"\*|(?:\*\.)?[A-Za-z0-9_-][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]")
_GATEWAY = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?")
"""What a page's Content-Security-Policy can name."""


class ApiSettings(OriginSettings, ServiceSettings, StoreSettings, SecretsSettings, QuotaSettings, TokenSettings):
    """Everything an api reads from its environment."""

    max_body_bytes: int = Field(1_048_576, alias="RUNCAST_MAX_BODY_BYTES", ge=1024)
    callback_token: SecretStr | None = Field(None, alias="RUNCAST_CALLBACK_TOKEN")
    callback_networks: tuple[IPv4Network | IPv6Network, ...] = Field((), alias="RUNCAST_CALLBACK_NETWORKS")
    """Peers, by the socket's address, whose callbacks need no token. Networks separated by commas."""
    global_fallback: bool = Field(False, alias="RUNCAST_GLOBAL_FALLBACK")
    """Whether a callback without `organizationId` goes to every socket; for a transition only."""
    public_signup: bool = Field(True, alias="RUNCAST_PUBLIC_SIGNUP")
    allowed_hosts: tuple[str, ...] = Field(("*",), alias="RUNCAST_ALLOWED_HOSTS")
    """Names, without a port, that a `Host` header may have; `*.example.com` for all below one, `*` for any."""

    gateway_origins: tuple[str, ...] = Field((), alias="RUNCAST_GATEWAY_ORIGIN")
    """Where the page finds gateways, the first of these, if not on its own origin; separated by commas."""

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:  # a name
            return self.host == "localhost"

    @field_validator("callback_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        return tuple(ip_network(part.strip()) for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("gateway_origins", mode="before")
    @classmethod
    def _gateways(cls, value: object) -> object:
        origins = tuple(part.strip().lower() for part in value.split(",")) if isinstance(value, str) else value
        if isinstance(origins, tuple) and not all(map(_is_gateway, origins)):
            raise ValueError("write origins such as https://gateway.example, by name, separated by commas")
        return origins

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        hosts = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value
        if isinstance(hosts, tuple) and not all(_HOST.fullmatch(host) for host in hosts):
            raise ValueError("write *, or names without a port, such as runcast.example, *.example or [::1]")
        return hosts


def _is_gateway(origin: str) -> bool:
    return _GATEWAY.fullmatch(origin) is not None and as_sent(origin)
