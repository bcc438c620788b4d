"""Looks again at who calls, where time has passed since the last look: whoever authenticates says how that is done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
from starlette.requests import Request


@dataclass(slots=True)
class _Caller:
    again: Callable[[], Awaitable[object]]
    seen_at: float


def authenticated_by(request: Request, again: Callable[[], Awaitable[object]]) -> None:
    """Note how to look again at who calls: `again` raises whatever refuses them. To be noted before what it asks is
    asked for the first time, so that no change comes in between."""
    request.state.caller = _Caller(again, anyio.current_time())


async def authenticate_again(request: Request, after_s: float = 0) -> None:
    """Look again if the last look began `after_s` ago or longer. Raises as the first look; nothing where none was
    needed."""
    caller: _Caller | None = getattr(request.state, "caller", None)
    now = anyio.current_time()
    if caller is not None and now - caller.seen_at >= after_s:
        await caller.again()
        caller.seen_at = now
