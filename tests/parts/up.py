"""`runcast up` as a child process, read as a person reads it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import anyio
import httpx

from tests.conftest import missing
from tests.parts.part import ended_after

OURS = ("RUNCAST_", "REDIS_URL", "MONGODB_URL", "JWT_")


class Up:
    """A running one: what it printed, and the values in it."""

    def __init__(self, process: "subprocess.Popen[str]", banner: str, log: Path, folder: Path) -> None:
        self.process = process
        self.banner = banner
        self.folder = folder
        self._log = log
        self.page = self._printed(r"is up at (\S+)")
        self.url = urldefrag(self.page).url.rstrip("/")
        self.executor = self._printed(r"executor: (\w+)")
        self.organization_id = self._printed(r"Organization +(\S+)")
        self.token = self._printed(r"Token +(\S+)")
        self.curl = self._printed(r"(curl .*)")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def request(self, **body: Any) -> str:
        """Request an execution in the name of the printed account; return its task id."""
        async with httpx.AsyncClient(base_url=self.url, headers=self.headers) as http:
            answer = await http.post("/api/execution-request", json=body)
            answer.raise_for_status()
        return str(answer.json()["taskId"])

    async def paste(self, image: str | None = None) -> bytes:
        """Run the printed curl line as a person would, with another image if given; return what it printed."""
        if shutil.which("curl") is None:
            missing("curl is missing: apt-get install curl")
        line = self.curl.replace("alpine:3", image) if image else self.curl
        return (await anyio.run_process(["sh", "-c", line])).stdout

    def _printed(self, pattern: str) -> str:
        found = re.search(pattern, self.banner)
        assert found, self.banner
        return found[1]

    def end(self, number: signal.Signals, seconds: float = 40) -> int:
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def running_up(folder: Path, **settings: str) -> Iterator[Up]:
    """Run it on a free port with its data in `folder`; whoever did not end it ends it here."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    arguments = [sys.executable, "-m", "runcast", "up", "--port", "0", "--data-dir", str(folder)]
    log = folder.parent / f"{folder.name}.log"
    with (
        log.open("a") as errors,
        subprocess.Popen(
            arguments, env=environment | settings, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
        ended_after(process, 40),
    ):
        yield Up(process, _banner(process, log), log, folder)


def _banner(process: "subprocess.Popen[str]", log: Path) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C stops it" in line:
            return "".join(lines)
    raise AssertionError(f"runcast up did not start: {log.read_text()[-3000:]}")
