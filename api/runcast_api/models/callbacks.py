"""Bodies of the callbacks of workers."""

from typing import Annotated

from pydantic import StringConstraints

from runcast_api.models.base import Open


class CallbackUpdate(Open):
    """`POST /executions/update` of a worker; every other field is relayed as it came."""

    task_id: str
    status: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    organization_id: str | None = None


class CallbackLog(Open):
    """`POST /executions/log` of a worker."""

    task_id: str
    log: str
    organization_id: str | None = None
