"""Asks a job of processes to end: SIGTERM to its group."""

import signal
import time
from functools import partial

import anyio
import anyio.abc

from runcast_runner.executors.process.tree import hold, members, parent, signal_group, signal_masks, state

_LOOK_S = 0.05
_LOOKS = 10


async def ask_to_end(process: anyio.abc.Process, *, in_namespace: bool) -> None:
    """Return once the job's first process has ended, or is all that is left and would have nothing to say.

    A first process without a handler, such as a shell, would die of SIGTERM, and all others with it; as process 1 of a
    namespace it would ignore the signal, and go on as soon as the command that it waits for has ended. It is held by
    SIGSTOP instead: it begins nothing more, while the others end as they like to.
    """
    if process.returncode is not None:
        return
    held = await anyio.to_thread.run_sync(partial(_ask, process.pid, in_namespace=in_namespace))
    while process.returncode is None:
        if held is not None and await anyio.to_thread.run_sync(_is_alone, process.pid, held):
            return
        await anyio.sleep(_LOOK_S)


def _ask(group: int, *, in_namespace: bool) -> int | None:
    """Return the first process if it is held."""
    first = next((pid for pid in members(group) if parent(pid) == group), group) if in_namespace else group
    held = _would_end(first)
    if held:
        hold(first)
    signal_group(group, signal.SIGTERM)
    return first if held else None


def _would_end(pid: int) -> bool:
    """Tell whether SIGTERM is left to its default. One that blocks it for good waits for it in another way; one that
    begins another process does so for a moment only. Who waits for it with `sigwait` cannot be told from the others."""
    for _ in range(_LOOKS):
        if (masks := signal_masks(pid, signal.SIGTERM)) != {b"SigBlk"}:
            return not masks
        time.sleep(_LOOK_S / _LOOKS)
    return False


def _is_alone(group: int, first: int) -> bool:
    """Tell so; where there is a namespace, `unshare` leads the group, and takes no notice of SIGTERM."""
    return all(state(pid) == "Z" for pid in members(group) if pid not in {group, first})
