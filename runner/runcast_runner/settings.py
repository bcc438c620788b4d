"""The runner's settings."""

import hashlib
import os
import socket
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from runcast_core.model.executions import DEFAULT_POOL
from runcast_core.model.identifiers import POOL_PATTERN
from runcast_core.serving.settings import QuotaSettings, SecretsSettings, ServiceSettings, StoreSettings


class RunnerSettings(ServiceSettings, StoreSettings, SecretsSettings, QuotaSettings):
    """Everything a runner reads from its environment."""

    runner_id: str = Field(default_factory=socket.gethostname, alias="RUNCAST_RUNNER_ID", min_length=1, max_length=128)
    """Stable over restarts: at its start it goes on with what an earlier runner of this name held, or hands it back."""
    pools: tuple[Annotated[str, StringConstraints(pattern=POOL_PATTERN)], ...] = Field(
        (DEFAULT_POOL,), alias="RUNCAST_POOLS", min_length=1, max_length=32
    )
    """Which executions it claims: those of these pools (`config.pool`). Separated by commas."""
    concurrency: int = Field(2, alias="RUNCAST_CONCURRENCY", ge=1, le=1000)
    lease_ms: int = Field(30_000, alias="RUNCAST_LEASE_MS", ge=300)
    poll_s: float = Field(5, alias="RUNCAST_POLL", gt=0)
    drain_s: float = Field(30, alias="RUNCAST_DRAIN", ge=0)
    max_timeout_s: float = Field(21_600, alias="RUNCAST_MAX_TIMEOUT", gt=0)
    api_url: str | None = Field(None, alias="RUNCAST_API_URL", pattern="^https?://", max_length=2048)
    """Where jobs find the api, to report on themselves; they are told it."""
    executor: Literal["docker", "process", "dummy"] | None = Field(None, alias="RUNCAST_EXECUTOR")
    """None: docker if an engine answers, else process."""
    memory_mb: int = Field(2048, alias="RUNCAST_MEMORY_MB", ge=16)
    cpus: float = Field(2, alias="RUNCAST_CPUS", gt=0)
    pids: int = Field(1024, alias="RUNCAST_PIDS", ge=8)
    kill_grace_s: int = Field(10, alias="RUNCAST_KILL_GRACE", ge=0)
    pull_timeout_s: float = Field(600, alias="RUNCAST_PULL_TIMEOUT", gt=0)
    start_timeout_s: float = Field(60, alias="RUNCAST_START_TIMEOUT", gt=0)
    max_output_mb: int = Field(100, alias="RUNCAST_MAX_OUTPUT_MB", ge=1, le=100_000)
    """What is kept of each attempt's output."""
    allow_process: bool = Field(False, alias="RUNCAST_ALLOW_PROCESS")
    process_dir: str | None = Field(None, alias="RUNCAST_PROCESS_DIR")
    spill_dir: str = Field("/var/tmp", alias="RUNCAST_SPILL_DIR", pattern="^/")  # noqa: S108
    """Where output is kept while the store is down, in a folder of the runner's own. `/var/tmp`, as `/tmp` is often
    memory, and emptied when the machine starts."""
    spill_mb: int = Field(512, alias="RUNCAST_SPILL_MB", ge=0, le=1_000_000)
    """So much of it, of 1,000,000 bytes; 0: none, and what prints is slowed at once."""

    @field_validator("pools", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))

    @property
    def installation(self) -> str:
        """What tells this installation's containers from another's on the same engine: which store it has."""
        if self.mongodb_url is not None:
            servers, path = urlsplit(self.mongodb_url.get_secret_value())[1:3]
            store = servers.rpartition("@")[2] + path
        else:
            store = f"{socket.gethostname()}:{self.sqlite_path}"
        return hashlib.sha256(store.encode()).hexdigest()[:12]

    @property
    def process_allowed(self) -> bool:
        return self.allow_process or self.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def process_folder(self) -> str:
        """Where running process groups are noted, so that the next start can kill what a killed runner left.

        One runner's own: at its start it takes whatever is noted there for its own. Made with mode 0700.
        """
        return self.process_dir or f"/tmp/runcast-processes-{self._own}"  # noqa: S108

    @property
    def spill_folder(self) -> str:
        """One runner's own, so that many may be given the same `RUNCAST_SPILL_DIR`."""
        return f"{self.spill_dir}/runcast-spill-{self._own}"

    @property
    def _own(self) -> str:
        return hashlib.sha256(f"{os.getuid()}:{self.runner_id}".encode()).hexdigest()[:12]
