"""What /proc tells about processes, and signals to those of a job: by their group, or by the folder they were given."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_ROUNDS = 10
_HOLD_S = 1
_LOOK_S = 0.001


def kill_group(group: int) -> None:
    signal_group(group, signal.SIGKILL)


def signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def signal_process(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def hold(pid: int) -> None:
    """Stop the process; returns once it is, as of signals that come together the lower number is taken first."""
    signal_process(pid, signal.SIGSTOP)
    deadline = time.monotonic() + _HOLD_S
    while state(pid) not in "TZ" and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def kill_holders(folder: str) -> None:
    """Kill every process with the folder in its environment: also daemons, which left their group by `setsid`.

    One that emptied its environment too is not found.
    """
    for _ in range(_ROUNDS):  # what one forked while the others were looked at is met in the next round
        holders = [pid for pid in _pids() if holds(pid, folder)]
        if not holders:
            return
        for pid in holders:
            signal_process(pid, signal.SIGKILL)


def holds(pid: int, folder: str) -> bool:
    """Tell whether a variable of the process is the folder: HOME, or PWD where the job has a HOME of its own."""
    value = os.fsencode(folder)
    return value != b"" and any(entry.partition(b"=")[2] == value for entry in _environment(pid))


def members(group: int) -> list[int]:
    return [pid for pid in _pids() if (fields := _stat(pid)) and fields[2] == str(group)]


def state(pid: int) -> str:
    """Return the letter that `ps` shows; Z, ended, also if there is no such process."""
    return (_stat(pid) or ["Z"])[0]


def parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def signal_masks(pid: int, number: signal.Signals) -> set[bytes]:
    """Return those of SigBlk, SigIgn and SigCgt that have the signal: it is blocked, ignored, caught."""
    told = dict(line.partition(b":")[::2] for line in _read(pid, "status").splitlines())
    masks = (b"SigBlk", b"SigIgn", b"SigCgt")
    return {name for name in masks if int(told.get(name, b"0"), 16) >> number - 1 & 1}


def started_at(pid: int) -> str:
    """Return the start of a process in clock ticks since boot, which tells it from a later one of the same number;
    empty if there is none."""
    fields = _stat(pid)
    return fields[19] if fields else ""


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from `state` on; empty if there is no such process."""
    return _read(pid, "stat").rpartition(b")")[2].decode().split()


def _environment(pid: int) -> list[bytes]:
    return _read(pid, "environ").split(b"\0")


def _read(pid: int, name: str) -> bytes:
    """Return what a file of the process holds; nothing if there is no such process, or it is another user's."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
