"""Socket.IO packets of the default namespace as text, built once and shared by every recipient.

https://socket.io/docs/v4/socket-io-protocol/#packet-encoding: `2` is EVENT, then a JSON array of name and arguments.
"""

import orjson

from runcast_core.events import Event


def event_frame(event: Event) -> str:
    """Return the EVENT packet of an event without opening its payload."""
    return f"2[{orjson.dumps(event.name).decode()},{event.payload.decode()}]"
