"""Notes, on disk, of the process groups that run: so that the next start can kill what a killed runner left behind."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runcast_core.errors import SettingError
from runcast_runner.process_tree import holds, kill_group, kill_holders, members, started_at

FOLDER_PREFIX = "runcast-job-"


class ProcessNotes:
    """One file per process group in `directory`: when its leader started, and the folder it works in."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def prepare(self) -> None:
        """Make the directory if it is missing. Raises `SettingError` if it cannot be used, or is a stranger's: what is
        noted there is killed."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self._directory.stat().st_uid
        except OSError as exc:
            raise SettingError(f"RUNCAST_PROCESS_DIR: {self._directory} cannot be used ({exc.strerror})") from exc
        if owner not in {os.getuid(), 0}:
            raise SettingError(f"RUNCAST_PROCESS_DIR: {self._directory} belongs to another user; set another folder")

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
            if Path(folder).name.startswith(FOLDER_PREFIX):  # else the note was cut short: nothing is known
                _end(int(note.name), started, folder)
            note.unlink()


def _end(group: int, started: str, folder: str) -> None:
    if _is_ours(group, started, folder):
        kill_group(group)
    kill_holders(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _is_ours(group: int, started: str, folder: str) -> bool:
    """Tell by the leader's start, or where the leader has ended by the folder that the others were given."""
    if known := started_at(group):
        return known == started
    return any(holds(pid, folder) for pid in members(group))
