"""Settings read once, from a mapping that is passed in. Each field's alias is its environment variable."""

import re
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from runcast_core.model.errors import SettingError
from runcast_core.serving.origins import Origins

_DURATION = re.compile(r"(\d+)\s*([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class Settings(BaseModel):
    """A frozen class per service inherits the groups below that it needs."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, str]) -> Self:
        """Return the settings of the variables in `mapping`; an empty value counts as none, unknown ones are ignored.

        Raises `SettingError`, which names every variable that is missing or wrong and repeats no value.
        """
        names = [info.alias for info in cls.model_fields.values() if info.alias]
        try:
            return cls.model_validate({name: mapping[name] for name in names if mapping.get(name)})
        except ValidationError as exc:
            faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in exc.errors())
            raise SettingError(faults) from None


class ServiceSettings(Settings):
    """What every service has."""

    redis_url: str = Field("redis://127.0.0.1:6379/0", alias="REDIS_URL")
    """One server (`redis://`, `rediss://`, `unix://`), Sentinel's master (`redis+sentinel://host:port,…/service/db`),
    or a cluster (`redis+cluster://host:port,…`); all of it in `bus/redis/connections.py`."""
    host: str = Field("0.0.0.0", alias="RUNCAST_HOST")  # noqa: S104 - a service in a container listens on its pod
    port: int = Field(3000, alias="RUNCAST_PORT", ge=0, le=65_535)
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", alias="RUNCAST_LOG_LEVEL")
    log_format: Literal["json", "console"] = Field("json", alias="RUNCAST_LOG_FORMAT")


class OriginSettings(Settings):
    """Whose pages may call: of api and gateway."""

    origins: Origins = Field(Origins.parse("*"), alias="RUNCAST_CORS_ORIGINS")
    """Origins separated by commas, `*`, or `loopback` for every page of this machine's own servers. Tokens are sent
    explicitly, never as cookies: `*` opens nothing to a page that has no token."""

    @field_validator("origins", mode="before")
    @classmethod
    def _parsed(cls, value: object) -> object:
        return Origins.parse(value) if isinstance(value, str) else value


class StoreSettings(Settings):
    """Where the truth is kept: MongoDB, or a SQLite file."""

    mongodb_url: SecretStr | None = Field(None, alias="MONGODB_URL")
    sqlite_path: str | None = Field(None, alias="RUNCAST_SQLITE_PATH", pattern="^/")

    @property
    def store_url(self) -> str:
        if self.mongodb_url is not None:
            return self.mongodb_url.get_secret_value()
        if self.sqlite_path is None:
            raise SettingError("MONGODB_URL: set it, or RUNCAST_SQLITE_PATH to an absolute path")
        return f"sqlite://{self.sqlite_path}"


class SecretsSettings(Settings):
    """What secret values are encrypted with in the store: of api and runner."""

    secrets_keys: tuple[SecretStr, ...] = Field((), alias="RUNCAST_SECRETS_KEY")
    """Separated by commas: the first encrypts, all decrypt. Without one, requests with secret values are refused."""

    @field_validator("secrets_keys", mode="before")
    @classmethod
    def _keys(cls, value: object) -> object:
        return tuple(_strong(SecretStr(key.strip())) for key in value.split(",")) if isinstance(value, str) else value


class QuotaSettings(Settings):
    """What an organization has that is set to nothing else, and what its own admins cannot exceed: of api and runner,
    the same on all."""

    organization_limit: int = Field(10, alias="RUNCAST_ORGANIZATION_LIMIT", ge=1)
    """How many executions run at once."""
    retention_days: int = Field(0, alias="RUNCAST_RETENTION_DAYS", ge=0, le=36_500)
    """How long executions that ended are kept; 0: for ever."""


class TokenSettings(Settings):
    """How tokens verify: by a shared secret, or by an identity provider's keys."""

    jwt_secret: SecretStr | None = Field(None, alias="JWT_SECRET")
    jwks_url: str | None = Field(None, alias="JWKS_URL", pattern="^https?://")
    jwt_issuer: str | None = Field(None, alias="JWT_ISSUER")
    jwt_audience: str | None = Field(None, alias="JWT_AUDIENCE")
    jwt_expiry_s: int = Field(86_400, alias="JWT_EXPIRY", ge=60)
    """Lifetime of issued tokens: seconds, or a number with s, m, h or d (`24h`)."""

    provider_lifetime_s: int = Field(86_400, alias="RUNCAST_PROVIDER_TOKEN_LIFETIME", ge=60)
    """The longest lifetime of an identity provider's tokens, written likewise: so long gateways are told of a
    revocation."""

    @property
    def longest_lifetime_s(self) -> int:
        """How long a token can be good after it was issued."""
        return self.provider_lifetime_s if self.jwks_url else self.jwt_expiry_s

    @field_validator("jwt_expiry_s", "provider_lifetime_s", mode="before")
    @classmethod
    def _duration(cls, value: object) -> object:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        return int(match[1]) * _SECONDS[match[2]] if match else value

    @field_validator("jwt_secret")
    @classmethod
    def _jwt_secret(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else _strong(value)

    def model_post_init(self, _context: object) -> None:
        if self.jwt_secret is None and self.jwks_url is None:
            raise SettingError("JWT_SECRET: not set; use 32 random characters or more, or set JWKS_URL")


def _strong(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < 32 or len(set(text)) < 8:
        raise ValueError("too weak: use 32 random characters or more, such as from `openssl rand -hex 32`")
    return value
