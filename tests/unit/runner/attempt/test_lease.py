"""Renewing a lease, and noticing that it is lost."""

import anyio
import pytest

from runcast_core.model.clock import now_ms
from runcast_core.model.errors import LeaseLost, StoreUnavailable
from runcast_core.model.executions import Execution
from runcast_runner.attempt.lease import Lease, Stop
from tests.parts.clock import leaping_clock

pytestmark = leaping_clock
LEASE_MS = 300


class Renewals:
    """Answers renewals as told: a flag, an error, or never; after the last as with the last."""

    def __init__(self, *answers: bool | Exception | None) -> None:
        self._answers = list(answers)
        self.times: list[float] = []

    async def renew(self, organization_id, task_id, fence, *, lease_ms) -> bool:
        self.times.append(anyio.current_time())
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await anyio.sleep_forever()
        return bool(answer)


def _lease(store: Renewals, lease_ms: int = LEASE_MS, *, retried: bool = False) -> Lease:
    now = now_ms()
    request = {"config": {"retryOnLoss": retried}}
    execution = Execution("org", "t", "i", now, now, request=request, runner_id="r", attempt=1)
    return Lease(store, execution, lease_ms, anyio.current_time())


async def _keep(lease: Lease) -> tuple[Stop, float]:
    begun = anyio.current_time()
    with anyio.fail_after(10):
        stop = await lease.keep()
    return stop, anyio.current_time() - begun


async def test_it_renews_each_third_until_cancelling_is_requested():
    """The renewal carries the flag back."""
    store = Renewals(False, False, True)
    stop, seconds = await _keep(_lease(store))
    assert stop is Stop.CANCELLED
    assert len(store.times) == 3
    assert seconds == pytest.approx(0.3)


async def test_a_refused_renewal_is_a_lost_lease():
    """Somebody else has it, or the execution has ended."""
    stop, seconds = await _keep(_lease(Renewals(LeaseLost("gone"))))
    assert stop is Stop.LOST
    assert seconds == pytest.approx(0.1)


@pytest.mark.parametrize("answer", [StoreUnavailable("down"), None])
async def test_a_lease_after_which_another_attempt_may_begin_runs_out(answer):
    """Refusing or hanging: lost on the runner's own clock, not before the lease's end and hardly after."""
    stop, seconds = await _keep(_lease(Renewals(answer), retried=True))
    assert stop is Stop.LOST
    assert seconds == pytest.approx(0.3)


@pytest.mark.parametrize("answer", [True, LeaseLost("gone")])
async def test_any_other_lease_is_asked_about_until_the_store_answers(answer):
    """Three times as long as it is: it is not good then, and good again after the answer that it is."""
    store = Renewals(*[StoreUnavailable("down")] * 20, answer)
    lease = _lease(store)
    good = []
    renew = store.renew

    async def watched(*arguments, **options) -> bool:
        good.append(lease.good)
        return await renew(*arguments, **options)

    store.renew = watched
    stop, seconds = await _keep(lease)
    assert stop is (Stop.CANCELLED if answer is True else Stop.LOST)
    assert lease.good is (answer is True)
    assert (good[0], good[-1], seconds) == (True, False, pytest.approx(0.6))


async def test_a_renewal_that_hangs_does_so_for_a_lease_only():
    """Then it is tried again."""
    stop, _ = await _keep(_lease(Renewals(None, None, True)))
    assert stop is Stop.CANCELLED


async def test_a_store_that_comes_back_in_time_loses_nothing():
    """After a failure it is tried again sooner than after a third."""
    store = Renewals(StoreUnavailable("down"), StoreUnavailable("down"), False, True)
    stop, _ = await _keep(_lease(store))
    assert stop is Stop.CANCELLED
    assert store.times[2] - store.times[0] == pytest.approx(0.05)


async def test_the_end_counts_from_before_the_renewal_was_sent():
    """An answer that took long does not prolong the lease by that time."""

    class Slow(Renewals):
        async def renew(self, *arguments, **options) -> bool:
            first = not self.times
            answer = await super().renew(*arguments, **options)
            if first:
                await anyio.sleep(0.15)
            return answer

    store = Slow(False, None)
    stop, seconds = await _keep(_lease(store, retried=True))
    assert stop is Stop.LOST
    assert seconds == pytest.approx(0.1 + 0.3)


async def test_look_renews_now():
    """A cancel signal does not wait for the next third."""
    store = Renewals(True)
    lease = _lease(store, 60_000)
    lease.look()
    stop, seconds = await _keep(lease)
    assert stop is Stop.CANCELLED
    assert seconds == 0
