"""Processes that a test recognizes: each `sleep`s for a time that no other one of this machine does."""

import secrets
from pathlib import Path


def new_marker() -> str:
    """Return such a time."""
    return str(10**6 + secrets.randbelow(10**8))


def sleeping(marker: str) -> list[int]:
    """Return the processes that sleep for the marker's time, wherever in a namespace they are."""
    found = []
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and (path / "cmdline").read_bytes() == f"sleep\0{marker}\0".encode():
                found.append(int(path.name))
        except OSError:
            continue
    return found
