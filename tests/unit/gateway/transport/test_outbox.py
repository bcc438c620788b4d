"""What waits for a client to fetch it: in order, counted, and never lost with who waited for it."""

import asyncio

import anyio
from engineio import packet

from runcast_gateway.transport.outbox import Outbox


def message(text: str) -> packet.Packet:
    return packet.Packet(packet.MESSAGE, data=text)


async def test_it_gives_what_it_has_in_order_up_to_so_much():
    """And counts the characters that wait."""
    outbox = Outbox()
    assert outbox.empty()
    for text in ("a", "bb", "ccc"):
        await outbox.put(message(text))
    assert (outbox.qsize(), outbox.buffered) == (3, 6)
    assert [taken.data for taken in outbox.take(2)] == ["a", "bb"]
    assert (outbox.qsize(), outbox.buffered) == (1, 3)
    assert [taken.data for taken in outbox.take(2)] == ["ccc"]
    assert (outbox.empty(), outbox.buffered) == (True, 0)
    assert outbox.take(2) == []


async def test_the_end_stays_the_end():
    """What was put before it comes first; what comes after it never."""
    outbox = Outbox()
    for item in (message("a"), None, message("b")):
        outbox.put_nowait(item)
    assert [taken.data for taken in outbox.take(9)] == ["a"]
    for _ in range(2):
        await outbox.wait()
        assert outbox.take(9) == []


async def test_who_waits_is_woken_and_who_gives_up_loses_nothing():
    """Also if both happen at once, and when several wait."""
    for _ in range(50):
        outbox = Outbox()
        patient, hasty = asyncio.ensure_future(outbox.wait()), asyncio.ensure_future(outbox.wait())
        await anyio.wait_all_tasks_blocked()
        assert not patient.done()
        outbox.put_nowait(message("a"))
        hasty.cancel()
        with anyio.fail_after(5):
            await patient
        await asyncio.gather(hasty, return_exceptions=True)
        assert [taken.data for taken in outbox.take(9)] == ["a"]


async def test_who_waits_on_after_another_took_it_is_woken_by_the_next():
    """Nobody returns without something there."""
    outbox = Outbox()
    first, second = asyncio.ensure_future(outbox.wait()), asyncio.ensure_future(outbox.wait())
    first.add_done_callback(lambda _: outbox.take(1))
    await anyio.wait_all_tasks_blocked()
    outbox.put_nowait(message("a"))
    await anyio.wait_all_tasks_blocked()
    outbox.take(1)
    third = asyncio.ensure_future(outbox.wait())
    await anyio.wait_all_tasks_blocked()
    assert not third.done()
    outbox.put_nowait(message("b"))
    with anyio.fail_after(5):
        await asyncio.gather(first, second, third)
    assert [taken.data for taken in outbox.take(1)] == ["b"]


async def test_what_is_no_text_weighs_nothing():
    """PING, NOOP and the end are not a client's backlog."""
    outbox = Outbox()
    for item in (packet.Packet(packet.PING), packet.Packet(packet.OPEN, {"sid": "s"}), None):
        outbox.put_nowait(item)
    assert outbox.buffered == 0
