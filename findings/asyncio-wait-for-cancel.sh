#!/usr/bin/env bash
# On CPython 3.11 a task that waits in asyncio.wait_for(queue.get()) survives its cancellation if an item just came.
#
# Versions: CPython 3.11.7 (3.12.1 and 3.13.0 do as expected). Nothing is installed; set PYTHON to name another
# interpreter than `python3`.
#
# One would expect (written before the run): after `task.cancel()` has returned True, the task ends as cancelled, and
# the item is still in the queue.
#
# Instead: for some turns of the event loop after the item came, the cancellation is swallowed: the task takes the item
# and waits for the next, and whoever awaits its end waits, too. Seen (0 to 4 turns between the item and cancel()):
#   queue.get():                ended/queued   ended/taken    ended/taken    ended/taken    ended/taken
#   wait_for(queue.get(), 60):  RUNS ON/taken  RUNS ON/taken  RUNS ON/taken  ended/taken    ended/taken
#
# Where it matters here: gateway, transport/outbox.py: python-engineio waits for packets this way, and a task that was
# given up would still take some. So the gateway has a queue of its own: waiting takes nothing, taking does not wait.
#
# Upstream: https://github.com/python/cpython/issues/86296
set -euo pipefail

timeout 30 "${PYTHON:-python3}" - <<'PY'
import asyncio
import sys

TURNS = 5


async def outcome(turns: int, *, with_time_out: bool) -> str:
    queue: asyncio.Queue[str] = asyncio.Queue()
    taken = []

    async def consume() -> None:
        while True:
            taken.append(await (asyncio.wait_for(queue.get(), 60) if with_time_out else queue.get()))

    task = asyncio.create_task(consume())
    await asyncio.sleep(0.01)  # it waits now
    queue.put_nowait("item")
    for _ in range(turns):
        await asyncio.sleep(0)
    assert task.cancel()
    await asyncio.wait([task], timeout=0.5)
    end = "ended" if task.cancelled() else "RUNS ON"
    where = "taken" if taken else "queued" if queue.qsize() else "LOST"
    while not task.done():  # now that nothing comes, a cancellation works
        task.cancel()
        await asyncio.wait([task], timeout=1)
    return f"{end}/{where}"


async def outcomes(*, with_time_out: bool) -> list[str]:
    return [await outcome(turns, with_time_out=with_time_out) for turns in range(TURNS)]


print("CPython", sys.version.split()[0])
plain = asyncio.run(outcomes(with_time_out=False))
timed = asyncio.run(outcomes(with_time_out=True))
for label, found in (("queue.get():", plain), ("wait_for(queue.get(), 60):", timed)):
    print(f"{label:27}", *(f"{text:14}" for text in found))
if any("RUNS ON" in text for text in plain) or not any("RUNS ON" in text for text in timed):
    sys.exit("Not as stated any more (or not CPython 3.11): wait_for swallowed no cancellation.")
print("As stated: cancel() returned True, and the task runs on.")
PY
