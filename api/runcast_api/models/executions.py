"""Bodies about executions. `config` may carry more than is known here."""

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from runcast_api.models.base import Body, Model
from runcast_core.model.identifiers import POOL_PATTERN, TASK_ID_PATTERN

_NO_NUL = r"^[^\x00]*$"
"""What a command line or an environment can hold."""
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_.]*$"
MAX_SECRETS = 65_536
"""Characters of all secret values of a request: a runner looks for each form of each of them in all output."""
_FEW = Field(max_length=1000)

Argument = Annotated[str, StringConstraints(pattern=_NO_NUL, max_length=131_072)]
Scalar = Argument | int | float | bool
Variable = Annotated[str, StringConstraints(pattern=_VARIABLE, max_length=256)]


class Flagged(Body):
    """A variable's value that, while `secret`, is masked in output like those of `secrets`."""

    value: Scalar
    secret: bool = Field(strict=True)


Variables = Annotated[dict[Variable, Scalar | Flagged], _FEW]
Secrets = Annotated[dict[Variable, Scalar], _FEW]


class Resources(Body):
    """Limits of the container, capped by the runner's settings."""

    memory_mb: int | None = Field(None, strict=True, ge=16, le=1_048_576)
    cpus: float | None = Field(None, strict=True, gt=0, le=256)
    pids: int | None = Field(None, strict=True, ge=8, le=65_536)


class Place(Model):
    """Where in the queue an execution waits: higher priorities first, for the runners that serve its pool; and how
    often it may come there again."""

    priority: int | None = Field(None, strict=True, ge=-10, le=10)
    pool: Annotated[str, StringConstraints(pattern=POOL_PATTERN)] | None = None
    retry_attempts: int | None = Field(None, strict=True, ge=0, le=10)
    """How often a failed or timed out attempt is followed by another."""


class Config(Place):
    """How to run it. Values of `environment`, `envVars` and `secrets` are never shown again."""

    model_config = ConfigDict(extra="allow")

    environment: Annotated[str, StringConstraints(max_length=200)] | Variables | None = None
    base_url: Annotated[str, StringConstraints(max_length=2048)] | None = None
    env_vars: Variables | None = None
    secrets: Secrets | None = None
    retry_on_loss: bool | None = Field(None, strict=True)
    """Whether an attempt whose runner was lost is followed by another."""
    timeout_seconds: float | None = Field(None, strict=True, gt=0, le=604_800)
    resources: Resources | None = None

    @model_validator(mode="after")
    def _secrets_are_few(self) -> Self:
        given = [self.environment if isinstance(self.environment, dict) else {}, self.env_vars or {}]
        flagged = [value.value for each in given for value in each.values() if isinstance(value, Flagged)]
        if sum(len(str(value)) for value in [*flagged, *(self.secrets or {}).values()]) > MAX_SECRETS:
            raise ValueError(f"secret values hold more than {MAX_SECRETS} characters together")
        return self


TaskId = Annotated[str, StringConstraints(pattern=TASK_ID_PATTERN)]
Selected = Annotated[str, StringConstraints(pattern=_NO_NUL, max_length=1024)]


class ExecutionRequest(Body):
    """A container to run. `command` as text is run by `/bin/sh -c`; without it the image's own runs."""

    image: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*$", max_length=512)]
    command: Argument | Annotated[list[Argument], Field(min_length=1), _FEW] | None = None
    task_id: TaskId | None = None
    folder: Selected = "all"
    tests: Annotated[list[Selected], Field(max_length=10_000)] | None = None
    config: Config | None = None

    def stored(self) -> dict[str, Any]:
        """Return what is kept of it, and compared when the same task id is requested again."""
        return self.model_dump(mode="json", by_alias=True, exclude={"task_id"}, exclude_none=True)


class Rerun(Body):
    """Under which id a request is run again; without one it is given a new one. Repeated under the same id it is the
    same execution."""

    task_id: TaskId | None = None
