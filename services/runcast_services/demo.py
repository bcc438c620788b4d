"""`runcast demo`: two organizations, one execution, and who received what. Speaks to a real `runcast up`."""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urldefrag

import anyio
import httpx
import socketio

COMMAND = "for i in 1 2 3; do echo hello $i; sleep 0.3; done"
DEADLINE_S = 45
_END_S = 40
_OURS = ("RUNCAST_", "JWT_", "JWKS_URL", "REDIS_URL", "MONGODB_URL")
TERMINAL = {"PASSED", "FAILED", "UNSTABLE", "ERROR", "CANCELLED", "TIMED_OUT"}


def run_demo() -> int:
    """Return the exit status: 0 only if A saw its execution pass in order and B saw nothing."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with tempfile.TemporaryDirectory(prefix="runcast-demo-") as directory, _server(directory) as url:
        passed, a, b = anyio.run(_watch, url)
    print(f"demo: {'PASSED' if passed else 'FAILED'}: org A saw {a} events, org B saw {b}")
    return 0 if passed else 1


def _interrupt(_number: int, _frame: object) -> None:
    """End as by Ctrl-C, with all that was started: in a session of its own no signal of a terminal reaches it."""
    signal.raise_signal(signal.SIGINT)


@contextmanager
def _server(directory: str) -> Iterator[str]:
    """Run `runcast up` on a free port in a process of its own; yield its URL."""
    arguments = [sys.executable, "-m", "runcast", "up", "--host", "127.0.0.1", "--port", "0", "--data-dir", directory]
    with subprocess.Popen(  # noqa: S603
        arguments, stdout=subprocess.PIPE, text=True, env=_environment(), start_new_session=True
    ) as process:
        try:
            yield _url(process)
        finally:
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    """Let it drain, for which it must get one signal only; whoever cannot wait interrupts again."""
    process.terminate()
    try:
        process.wait(_END_S)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        process.terminate()
        process.wait(_END_S)
        raise


def _environment() -> dict[str, str]:
    """Return the exported variables but those that would have it show another installation than its own."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return others | {"RUNCAST_LOG_LEVEL": os.environ.get("RUNCAST_LOG_LEVEL", "warning"), "RUNCAST_EXECUTOR": "process"}


def _url(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None  # noqa: S101 - asked for a pipe
    for line in process.stdout:
        if "is up at" in line:
            return urldefrag(line.split("is up at ")[1].strip()).url.rstrip("/")
    raise SystemExit("demo: runcast up did not start")


class _Dashboard:
    """One organization with a connected official client; prints and keeps what arrives."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.ended = asyncio.Event()
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", self._received)

    async def _received(self, name: str, body: dict[str, Any]) -> None:
        print(f"  org {self.name}  {name:18} {body}", flush=True)
        if name in {"execution-updated", "execution-log"}:
            self.events.append((name, body))
        if body.get("status") in TERMINAL:
            self.ended.set()

    async def connect(self, http: httpx.AsyncClient) -> str:
        account = {"email": f"{self.name.lower()}-{secrets.token_hex(4)}@example.com", "name": f"User {self.name}"}
        account |= {"password": secrets.token_urlsafe(16), "organizationName": f"Organization {self.name}"}
        token: str = (await http.post("/api/auth/signup", json=account)).raise_for_status().json()["token"]
        await self.client.connect(str(http.base_url), auth={"token": token}, transports=["websocket"])
        return token


async def _watch(url: str) -> tuple[bool, int, int]:
    a, b = _Dashboard("A"), _Dashboard("B")
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as http:
        token = await a.connect(http)
        await b.connect(http)
        headers = {"Authorization": f"Bearer {token}"}
        request = {"image": "local", "command": COMMAND}
        (await http.post("/api/execution-request", json=request, headers=headers)).raise_for_status()
        with anyio.move_on_after(DEADLINE_S):
            await a.ended.wait()
        await anyio.sleep(0.5)  # whatever were to leak would have come by now
    await a.client.disconnect()
    await b.client.disconnect()
    return _in_order(a.events) and not b.events, len(a.events), len(b.events)


def _in_order(events: list[tuple[str, dict[str, Any]]]) -> bool:
    """Tell whether A saw PENDING, RUNNING, every line, PASSED, in this order."""
    statuses = [body["status"] for name, body in events if name == "execution-updated"]
    output = "\n".join(body["log"] for name, body in events if name == "execution-log")
    names = [name for name, _ in events]
    between = names[2:-1] == ["execution-log"] * (len(names) - 3)
    return statuses == ["PENDING", "RUNNING", "PASSED"] and output == "hello 1\nhello 2\nhello 3" and between
