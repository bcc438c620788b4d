"""What the other tests wait with."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from tests.parts.conditions import until, wait_until


async def test_the_first_true_value_is_returned():
    """Of a condition that has one, and of one that comes to it."""
    found: list[int] = []

    def have() -> int:
        found.append(len(found))
        return found[-1]

    async def come() -> int:
        await anyio.lowlevel.checkpoint()
        return have() - 2

    assert await until(have) == wait_until(lambda: found[-1]) == 1
    assert await until(come) == 1
    assert await until(lambda: come()) == 2


@pytest.mark.parametrize("condition", [lambda: 7 < 6, anyio.lowlevel.checkpoint, anyio.sleep_forever])
async def test_a_condition_that_does_not_come_about_is_named(condition: Callable[[], Awaitable[None] | bool]):
    """By its source where it has no name of its own; with what there is instead."""
    with pytest.raises(AssertionError, match=r"^not within 0.05 s: .*(7 < 6|checkpoint|sleep_forever).*; instead: 8$"):
        await until(condition, 0.05, instead=lambda: 8)


def test_without_a_loop_it_is_the_same():
    with pytest.raises(AssertionError, match=r"^not within 0.05 s: .*7 < 6.*; instead: 8$"):
        wait_until(lambda: 7 < 6, 0.05, instead=lambda: 8)


async def test_what_a_condition_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        await until(lambda: 1 / 0)
