"""Waiting until something is so. Each wait has a bound, and its failure names the condition that did not come about."""

import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar, overload

import anyio

SECONDS = 20
"""Longer than anything takes that is all right, on a machine that is busy with other work too."""
T = TypeVar("T")


@overload
async def until(
    condition: Callable[[], Awaitable[T]], seconds: float = ..., *, instead: Callable[[], object] | None = ...
) -> T: ...
@overload
async def until(
    condition: Callable[[], T], seconds: float = ..., *, instead: Callable[[], object] | None = ...
) -> T: ...
async def until(
    condition: Callable[[], Any], seconds: float = SECONDS, *, instead: Callable[[], object] | None = None
) -> Any:
    """Return the first true value that the condition has, or that it comes to where it is awaitable. It is asked again
    and again, and what it raises is raised. Raises `AssertionError` after so many seconds, which names the condition
    by its source, and tells what there is `instead`.
    """
    with anyio.move_on_after(seconds):
        for pause in _pauses():
            value = condition()
            if inspect.isawaitable(value):
                value = await value
            if value:
                return value
            await anyio.sleep(pause)
    raise _not_so(condition, seconds, instead)


def wait_until(
    condition: Callable[[], T], seconds: float = SECONDS, *, instead: Callable[[], object] | None = None
) -> T:
    """The same without an event loop, as servers that tests need are started."""
    deadline = time.monotonic() + seconds
    for pause in _pauses():
        if value := condition():
            return value
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
    raise _not_so(condition, seconds, instead)


def _pauses() -> Iterator[float]:
    """Yield the seconds between two looks: none at first, for what is there within a few turns of the loop."""
    yield from [0.0] * 10
    pause = 0.001
    while True:
        yield pause
        pause = min(2 * pause, 0.032)


def _not_so(condition: Callable[[], object], seconds: float, instead: Callable[[], object] | None) -> AssertionError:
    told = f"; instead: {instead()}" if instead is not None else ""
    return AssertionError(f"not within {seconds} s: {_source(condition)}{told}")


def _source(condition: Callable[[], object]) -> str:
    name = str(getattr(condition, "__qualname__", condition))
    if not name.endswith("<lambda>"):
        return name
    try:
        return " ".join(inspect.getsource(condition).split())
    except OSError:
        return name
