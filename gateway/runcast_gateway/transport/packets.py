"""Engine.IO packets that a client may send.

https://socket.io/docs/v4/engine-io-protocol/#packet-encoding: a packet begins with its type.
"""

SEPARATOR = "\x1e"
TYPES = frozenset("12345")
"""close, ping, pong, message, upgrade."""


def is_packet(text: str | None) -> bool:
    return bool(text) and text[0] in TYPES  # type: ignore[index]  # which an empty or absent text does not reach
