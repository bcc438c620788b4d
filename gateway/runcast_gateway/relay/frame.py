"""Socket.IO packets, and the WebSocket frames around them, built once and shared by every recipient."""

from collections.abc import Sequence
from functools import cached_property

from runcast_core.model.events import Event
from runcast_core.model.wire.shape import encode


class Frames(bytes):
    """Packets in their order as one byte string for WebSockets: Engine.IO messages, each in a frame. Those who poll are
    given the `texts`, which are made when first needed."""

    packets: Sequence[bytes]

    def __new__(cls, packets: Sequence[bytes]) -> "Frames":
        frames = super().__new__(cls, b"".join([websocket_frame(b"4" + packet) for packet in packets]))
        frames.packets = packets
        return frames

    @cached_property
    def texts(self) -> list[str]:
        return [packet.decode(errors="replace") for packet in self.packets]


def event_packet(event: Event, offset: str | None = None) -> bytes:
    """Return the EVENT packet of an event without opening its payload, with the offset as a second argument.

    https://socket.io/docs/v4/socket-io-protocol/#packet-encoding: `2`, then a JSON array of name and arguments.
    """
    name = encode(event.name)
    if offset is None:
        return b"2[%b,%b]" % (name, event.payload)
    return b'2[%b,%b,"%b"]' % (name, event.payload, offset.encode())


def event_frames(event: Event, offset: str | None = None) -> Frames:
    """Return the frames of a single event."""
    return Frames([event_packet(event, offset)])


def packet(kind: int, body: object = None, *, acknowledges: int | None = None) -> bytes:
    """Return a packet of the default namespace with a JSON body, if any."""
    number = b"" if acknowledges is None else b"%d" % acknowledges
    return b"%d%b%b" % (kind, number, b"" if body is None else encode(body))


def websocket_frame(payload: bytes, *, opcode: int = 1) -> bytes:
    """Return one final, unmasked frame (RFC 6455, section 5.2); text unless `opcode` says otherwise."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload
