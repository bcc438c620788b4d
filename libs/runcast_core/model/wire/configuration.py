"""What an installation is like, for whoever is about to log in."""

from enum import StrEnum

from runcast_core.model.wire.shape import Shape


class Accounts(StrEnum):
    """Who keeps the accounts: this installation, or an identity provider."""

    HERE = "here"
    PROVIDER = "provider"


class Limits(Shape, frozen=True):
    """What a call, a list or an organization may hold at most, and a password at least. Retention of 0 is for ever."""

    max_body_bytes: int
    max_executions_per_page: int
    max_log_chunks_per_page: int
    max_users: int
    password_min_length: int
    password_max_length: int
    concurrency: int
    retention_days: int


class Configuration(Shape, frozen=True):
    """The installation's version, whether anybody may sign up, its limits, and where its gateways are, if not on the
    origin of the page."""

    version: str
    signup: bool
    accounts: Accounts
    limits: Limits
    gateway_url: str | None = None
