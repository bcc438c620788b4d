"""The folder of a runner's spill: private, and used by one process at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runcast_core.model.errors import SettingError
from runcast_runner.output.spill import Spill

MB = 1_000_000


@contextmanager
def opened_spill(folder: Path, megabytes: int) -> Iterator[Spill]:
    """Have the folder for oneself while the context is open; it is made with mode 0700 if it is missing. With 0
    megabytes nothing is kept on disk, and no folder touched.

    Raises `SettingError` if it cannot be used, is in use, or is a stranger's: what is found there is stored.
    """
    if not megabytes:
        yield Spill(folder, 0)
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as exc:
        raise _in_the_way(folder, f"cannot be used ({exc.strerror})") from exc
    try:
        _lock(descriptor, folder)
        yield Spill(folder, megabytes * MB)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    """The lock also keeps systemd-tmpfiles from removing what is old (tmpfiles.d(5))."""
    if os.fstat(descriptor).st_uid != os.getuid():
        raise _in_the_way(folder, "belongs to another user")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _in_the_way(folder, "cannot be written to")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise _in_the_way(folder, "is in use by another runner with this RUNCAST_RUNNER_ID") from exc


def _in_the_way(folder: Path, what: str) -> SettingError:
    return SettingError(f"RUNCAST_SPILL_DIR: {folder} {what}; set another folder, or RUNCAST_SPILL_MB=0")
