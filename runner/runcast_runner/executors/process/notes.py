"""Notes, on disk, of the process groups that run: so that the next start can kill what a killed runner left behind."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from runcast_core.model.errors import SettingError
from runcast_core.model.executions import AttemptKey
from runcast_runner.executors.process.tree import holds, kill_group, kill_holders, members, started_at

FOLDER_PREFIX = "runcast-job-"


@dataclass(frozen=True, slots=True)
class Note:
    """A process group: its number, when its leader started, the folder it works in, and the job it is."""

    group: int
    started: str
    folder: str
    key: AttemptKey

    def kill(self) -> None:
        """Kill it, and remove its folder, unless the number is by now another process's."""
        if self._is_ours():
            kill_group(self.group)
        kill_holders(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _is_ours(self) -> bool:
        """Tell by the leader's start, or where the leader has ended by the folder that the others were given."""
        if known := started_at(self.group):
            return known == self.started
        return any(holds(pid, self.folder) for pid in members(self.group))


class ProcessNotes:
    """One file per process group in `directory`."""

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
    def noted(self, group: int, folder: str, key: AttemptKey) -> Iterator[None]:
        """Keep a note of the group while the context is open."""
        path = self._directory / str(group)
        part = path.with_suffix(".part")
        try:
            part.write_bytes(orjson.dumps(asdict(Note(group, started_at(group), folder, key)), default=tuple))
            part.rename(path)
            yield
        finally:
            path.unlink(missing_ok=True)

    def all(self) -> list[Note]:
        """Return the notes; one that cannot be read says nothing and is removed."""
        notes = []
        for path in [path for path in self._directory.iterdir() if path.name.isdigit()]:
            if note := _read(path):
                notes.append(note)
            else:
                path.unlink(missing_ok=True)
        return notes

    def clear(self, note: Note) -> None:
        """Kill what is noted, and forget it."""
        note.kill()
        (self._directory / str(note.group)).unlink(missing_ok=True)


def _read(path: Path) -> Note | None:
    try:
        noted = orjson.loads(path.read_bytes())
        note = Note(noted["group"], noted["started"], noted["folder"], AttemptKey(*noted["key"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return note if Path(note.folder).name.startswith(FOLDER_PREFIX) else None
