"""Notes, on disk, of the process groups that run: so that the next start can kill what a killed runner left behind."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER_PREFIX = "runcast-job-"


class ProcessNotes:
    """One file per process group in `directory`: when its leader started, and the folder it works in."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def prepare(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def noted(self, group: int, folder: str) -> Iterator[None]:
        """Keep a note of the group while the context is open."""
        note = self._directory / str(group)
        try:
            note.write_text(f"{started_at(group)} {folder}")
            yield
        finally:
            note.unlink(missing_ok=True)

    def clear(self) -> None:
        """Kill what is noted, and remove its folders, unless a number is by now another process's."""
        for note in [path for path in self._directory.iterdir() if path.name.isdigit()]:
            started, _, folder = note.read_text().partition(" ")
            if _is_ours(int(note.name), started, folder):
                kill_group(int(note.name))
            if Path(folder).name.startswith(FOLDER_PREFIX):
                shutil.rmtree(folder, ignore_errors=True)
            note.unlink()


def kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def started_at(pid: int) -> str:
    """Return the start of a process in clock ticks since boot, which tells it from a later one of the same number;
    empty if there is none."""
    fields = _stat(pid)
    return fields[19] if fields else ""


def _is_ours(group: int, started: str, folder: str) -> bool:
    """Tell by the leader's start, or where the leader has ended by the folder that the others have as HOME."""
    if known := started_at(group):
        return known == started
    home = f"HOME={folder}".encode()
    return any(home in _environment(pid) for pid in _members(group))


def _members(group: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if (fields := _stat(pid)) and fields[2] == str(group)]


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
