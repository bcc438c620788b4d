"""What a container's start and end cost: `docker run`, and a whole execution as a dashboard sees it."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
from websockets.sync.client import ClientConnection, connect

from benchmarks.dialogue import Fault
from benchmarks.runner.image import IMAGE, command
from benchmarks.runner.output import ORGANIZATION
from runcast_core.executions import TERMINAL
from tests.installation import Installation

END_S = 60.0
_EVENT = '42["execution-updated",'


def docker_run() -> float:
    """Return the milliseconds of `docker run --rm` for a container that does nothing."""
    begun = time.monotonic()
    subprocess.run(["docker", "run", "--rm", IMAGE, *command(0, 0)], capture_output=True, check=True)
    return (time.monotonic() - begun) * 1000


@contextmanager
def executions(installation: Installation) -> Iterator[Callable[[], float]]:
    """Yield what requests an execution of the same and returns the milliseconds until a dashboard saw its end."""
    target = urlsplit(installation.gateways[0])
    url = f"ws://{target.netloc}/socket.io/?EIO=4&transport=websocket"
    with (
        connect(url, compression=None) as dashboard,
        httpx.Client(base_url=installation.api, headers=installation.headers(ORGANIZATION)) as http,
    ):
        dashboard.recv(timeout=END_S)
        dashboard.send("40" + json.dumps({"token": installation.token(ORGANIZATION)}))

        def execute() -> float:
            begun = time.monotonic()
            answer = http.post("/api/execution-request", json={"image": IMAGE, "command": command(0, 0)})
            status = _ended(dashboard, answer.raise_for_status().json()["taskId"])
            if status != "PASSED":
                raise Fault(f"an execution ended as {status}")
            return (time.monotonic() - begun) * 1000

        yield execute


def _ended(dashboard: ClientConnection, task_id: str) -> str:
    while True:
        text = str(dashboard.recv(timeout=END_S))
        if text == "2":
            dashboard.send("3")
        elif text.startswith(_EVENT):
            event = json.loads(text[len(_EVENT) : -1])
            if event["taskId"] == task_id and event["status"] in TERMINAL:
                return str(event["status"])
