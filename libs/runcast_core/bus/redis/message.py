"""An event as a message of Redis: `<offset> <event> <taskId or -> <json bytes>` on a channel, the same in a journal."""

import re

from runcast_core.bus.bus import Delivery
from runcast_core.model.events import Event

_OFFSET = re.compile(rb"\d{1,20}-\d{1,20}")


def encode(event: Event) -> bytes:
    """Return `<event> <taskId or -> <json>`; the offset is put before it by whoever knows it."""
    return b"%b %b %b" % (event.name.encode(), (event.task_id or "-").encode(), event.payload)


def decode(organization_id: str, message: bytes) -> Delivery:
    """Return the delivery of `<offset> <event> <taskId or -> <json>`. Raises `ValueError` for anything else."""
    offset, name, task_id, payload = message.split(b" ", 3)
    if _OFFSET.fullmatch(offset) is None:
        raise ValueError("no offset")
    event = Event(name.decode(), None if task_id == b"-" else task_id.decode(), payload)
    return Delivery(organization_id, offset.decode(), event)
