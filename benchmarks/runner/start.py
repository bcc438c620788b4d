"""What a container's start and end cost: `docker run`, and a whole execution as a dashboard sees it."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from benchmarks.dialogue import Fault
from benchmarks.runner.dashboard import dashboard
from benchmarks.runner.image import IMAGE, command
from benchmarks.runner.output import ORGANIZATION
from runcast_core.model.executions import TERMINAL
from runcast_core.model.identifiers import new_id
from tests.parts.installation import Installation


def docker_run() -> float:
    """Return the milliseconds of `docker run` for a container that does nothing. Removing it comes after that, as it
    does where the runner removes its own."""
    name = f"runcast-bench-{new_id()}"
    begun = time.monotonic()
    try:
        subprocess.run(["docker", "run", "--name", name, IMAGE, *command(0, 0)], capture_output=True, check=True)
        return (time.monotonic() - begun) * 1000
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=True)


@contextmanager
def executions(installation: Installation) -> Iterator[Callable[[], float]]:
    """Yield what requests an execution of the same and returns the milliseconds until a dashboard saw its end."""
    with (
        dashboard(installation.gateways[0], installation.token(ORGANIZATION)) as connected,
        httpx.Client(base_url=installation.api, headers=installation.headers(ORGANIZATION)) as http,
    ):
        states = connected.events("execution-updated")

        def execute() -> float:
            begun = time.monotonic()
            answer = http.post("/api/execution-request", json={"image": IMAGE, "command": command(0, 0)})
            task_id = answer.raise_for_status().json()["taskId"]
            status = next(s["status"] for s in states if s["taskId"] == task_id and s["status"] in TERMINAL)
            if status != "PASSED":
                raise Fault(f"an execution ended as {status}")
            return (time.monotonic() - begun) * 1000

        yield execute
