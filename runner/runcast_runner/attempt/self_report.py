"""What lets a job report on itself: who it is, where the api is, and a token that is good for this attempt only."""

from dataclasses import dataclass, field

from runcast_core.access.job_tokens import JobTokens
from runcast_core.model.executions import Execution
from runcast_runner.settings import RunnerSettings


@dataclass(frozen=True, slots=True)
class SelfReport:
    """`variables` are for the job, `secrets` what is never shown of them."""

    variables: dict[str, str] = field(repr=False)
    secrets: list[str] = field(repr=False)


def self_report(execution: Execution, settings: RunnerSettings, tokens: JobTokens | None) -> SelfReport:
    """Return what the attempt is given. Of a token its signature, without which it is worth nothing, is a secret on its
    own; an earlier runner may have issued it with an earlier key."""
    variables = {"RUNCAST_ORGANIZATION_ID": execution.organization_id}
    if settings.api_url is not None:
        variables["RUNCAST_API_URL"] = settings.api_url
    if tokens is None:
        return SelfReport(variables, [])
    every = tokens.every(execution.attempt_key)
    variables["RUNCAST_JOB_TOKEN"] = every[0]
    return SelfReport(variables, every + [token.rpartition(".")[2] for token in every])
