"""The folder of an embedded installation: private, locked by one process, with its secrets."""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from runcast_core.model.errors import SettingError

SECRETS_FILE = "secrets.json"
_MADE: dict[str, Callable[[], str]] = {
    "JWT_SECRET": lambda: secrets.token_hex(32),
    "RUNCAST_DEMO_PASSWORD": lambda: secrets.token_urlsafe(12),
    "RUNCAST_SECRETS_KEY": lambda: secrets.token_hex(32),
    "RUNCAST_CALLBACK_TOKEN": lambda: secrets.token_urlsafe(32),
}
_LATER = ("RUNCAST_SECRETS_KEY", "RUNCAST_CALLBACK_TOKEN")
"""Those that a file of an earlier version may lack."""


@contextmanager
def locked_data_directory(path: Path) -> Iterator[Path]:
    """Create the folder with mode 0700 if missing and hold its lock. Raises `SettingError` if another process does."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise SettingError(f"{path} cannot be used ({exc.strerror}); set RUNCAST_DATA_DIR") from exc
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise SettingError(f"{path} is in use by another `runcast up`; stop it or set RUNCAST_DATA_DIR") from exc
        yield path
    finally:
        os.close(descriptor)


def load_secrets(directory: Path) -> dict[str, str]:
    """Return the installation's secrets by variable name; makes them, with mode 0600, at the first start, and adds to
    an older file those that came later.

    Raises `SettingError` if the file is broken.
    """
    path = directory / SECRETS_FILE
    if not path.exists():
        _write_whole(path, json.dumps({name: make() for name, make in _MADE.items()}))
    loaded = _read(path)
    missing = {name: _MADE[name]() for name in _LATER if name not in loaded}
    if missing:
        loaded |= missing
        _write_whole(path, json.dumps(loaded))
    return loaded


def _read(path: Path) -> dict[str, str]:
    try:
        loaded = json.loads(path.read_text())
    except (OSError, ValueError):
        loaded = None
    if not isinstance(loaded, dict) or not all(isinstance(value, str) for value in loaded.values()):
        text = "restore it, or remove it: new secrets are made then, old tokens end, and stored secrets cannot be read"
        raise SettingError(f"{path} is broken; {text}")
    return loaded


def _write_whole(path: Path, text: str) -> None:
    """Write a private file so that after a crash it is there whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
