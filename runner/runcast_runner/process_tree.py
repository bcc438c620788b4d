"""What /proc tells about processes, and killing those of one job: by their group, or by the folder they were given."""

import os
import signal
from pathlib import Path

_ROUNDS = 10


def kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_holders(folder: str) -> None:
    """Kill every process with the folder in its environment: also daemons, which left their group by `setsid`.

    One that emptied its environment too is not found.
    """
    for _ in range(_ROUNDS):  # what one forked while the others were looked at is met in the next round
        holders = [pid for pid in _pids() if holds(pid, folder)]
        if not holders:
            return
        for pid in holders:
            _kill(pid)


def holds(pid: int, folder: str) -> bool:
    """Tell whether a variable of the process is the folder: HOME, or PWD where the job has a HOME of its own."""
    value = os.fsencode(folder)
    return value != b"" and any(entry.partition(b"=")[2] == value for entry in _environment(pid))


def members(group: int) -> list[int]:
    return [pid for pid in _pids() if (fields := _stat(pid)) and fields[2] == str(group)]


def started_at(pid: int) -> str:
    """Return the start of a process in clock ticks since boot, which tells it from a later one of the same number;
    empty if there is none."""
    fields = _stat(pid)
    return fields[19] if fields else ""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from `state` on; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
