"""Begins a command so that its whole tree dies with it and with the runner: in a PID namespace, where permitted."""

import subprocess

_DIE_WITH_RUNNER = ("setpriv", "--pdeathsig", "KILL")
PID_NAMESPACE = (*_DIE_WITH_RUNNER, "unshare", "--pid", "--fork", "--kill-child", "--")
USER_NAMESPACE = (*_DIE_WITH_RUNNER, "unshare", "--user", "--map-current-user", *PID_NAMESPACE[4:])
"""The same for an ordinary user: who it is and what it may do stay as they are."""


def find_namespace() -> tuple[str, ...]:
    """Return what stands before a command here; empty where neither is permitted."""
    return next((prefix for prefix in (PID_NAMESPACE, USER_NAMESPACE) if permitted(prefix)), ())


def permitted(prefix: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, timeout=10, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
