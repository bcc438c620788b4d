"""Events as messages: what was encoded comes back, and what a stranger wrote is not taken for one."""

import pytest

from runcast_core.bus.redis.message import decode, encode
from runcast_core.model.events import Event


@pytest.mark.parametrize("task_id", [None, "t", "a.b-c"])
def test_what_was_encoded_comes_back(task_id: str | None):
    """With the offset that was put before it; the payload is not looked at."""
    event = Event("execution-log", task_id, b'{"log":"a b  c\\n"}')
    delivery = decode("a", b"17-3 " + encode(event))
    assert (delivery.organization_id, delivery.offset, delivery.event) == ("a", "17-3", event)


@pytest.mark.parametrize("offset", [b"", b"x", b"17", b"17-", b"-3", b"17-3x", b"1.7-3", b"1e3-3", b"1" * 21 + b"-0"])
def test_what_has_no_offset_is_no_event(offset: bytes):
    """Whoever compared it would fail, and with it the relay of all organizations."""
    with pytest.raises(ValueError, match="no offset"):
        decode("a", offset + b" execution-log t {}")


@pytest.mark.parametrize("message", [b"", b"17-3", b"17-3 name", b"17-3 name t", b"17-3 \xff t {}", b"1-3 n \xff {}"])
def test_what_lacks_a_part_is_no_event(message: bytes):
    """Or what is no text where one has to be."""
    with pytest.raises(ValueError):
        decode("a", message)
