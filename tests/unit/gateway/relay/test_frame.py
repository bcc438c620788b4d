"""Packets and the frames around them, against the libraries that read and write them elsewhere."""

import orjson
import pytest
from socketio import packet as packets
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from runcast_core.model.events import Event
from runcast_gateway.relay.frame import Frames, event_packet, packet, websocket_frame


def read_as_a_client(data: bytes) -> list[Frame]:
    """Return what a WebSocket client makes of it."""
    client = ClientProtocol(parse_uri("ws://localhost/"), max_size=None)
    client._state = OPEN
    client.parser = client.parse()
    next(client.parser)
    client.receive_data(data)
    return [event for event in client.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize("size", [0, 1, 124, 125, 126, 127, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("opcode", [1, 2])
def test_a_frame_is_as_the_protocol_has_it(size: int, opcode: int):
    """On both sides of each size at which its head grows."""
    payload = b"x" * size
    frame = websocket_frame(payload, opcode=opcode)
    assert frame == Frame(Opcode(opcode), payload).serialize(mask=False)
    assert len(frame) - size == (2 if size < 126 else 4 if size < 65_536 else 10)


def test_frames_are_one_after_the_other_and_the_same_for_who_polls():
    """Each is an Engine.IO message."""
    sizes = [0, 121, 122, 65_530, 70_000]
    frames = Frames([b"2" + b"x" * size for size in sizes])
    assert [frame.data for frame in read_as_a_client(frames)] == [b"42" + b"x" * size for size in sizes]
    assert frames.texts == ["2" + "x" * size for size in sizes]
    assert frames.texts is frames.texts
    assert Frames([]) == b""


def test_what_is_no_text_breaks_nobody_who_polls():
    """A stranger on the channel may have written it; the room goes on."""
    assert Frames([b"2\xff"]).texts == ["2\ufffd"]


@pytest.mark.parametrize("name", ["execution-log", 'a"b', "ä"])
@pytest.mark.parametrize("offset", [None, "1700000000000-7"])
def test_an_event_is_as_python_socketio_encodes_it(name: str, offset: str | None):
    """And as its parser reads it: one object, then the offset."""
    body = {"log": 'quoted " and \\ and ü', "n": 1}
    ours = event_packet(Event(name, "t", orjson.dumps(body)), offset)
    arguments = [name, body] if offset is None else [name, body, offset]
    theirs = packets.Packet(packets.EVENT, data=arguments)
    assert orjson.loads(ours[1:]) == orjson.loads(theirs.encode()[1:])
    read = packets.Packet(encoded_packet=ours.decode())
    assert (read.packet_type, read.namespace, read.id, read.data) == (packets.EVENT, None, None, arguments)


@pytest.mark.parametrize(
    ("kind", "body", "acknowledges"),
    [
        (packets.CONNECT, {"sid": "s", "pid": "e.o.u.n"}, None),
        (packets.CONNECT_ERROR, {"message": "m", "data": {"code": "C"}}, None),
        (packets.DISCONNECT, None, None),
        (packets.ACK, [{"watching": []}], 0),
        (packets.ACK, [{"watching": ["t"]}], 12345),
    ],
)
def test_a_packet_is_as_python_socketio_encodes_it(kind: int, body: object, acknowledges: int | None):
    """A byte apart from the blanks that it puts into its JSON."""
    ours = packet(kind, body, acknowledges=acknowledges).decode()
    theirs = packets.Packet(kind, data=body, id=acknowledges).encode()
    assert ours == theirs.replace('": ', '":').replace(", ", ",")
    read = packets.Packet(encoded_packet=ours)
    assert (read.packet_type, read.namespace, read.id, read.data) == (kind, None, acknowledges, body)


def test_the_javascript_parser_takes_every_packet():
    """It wants an object of CONNECT and CONNECT_ERROR, nothing of DISCONNECT, and of EVENT an array that begins so:
    https://github.com/socketio/socket.io/blob/main/packages/socket.io-parser/lib/index.ts (`isDataValid`)."""
    for kind, body in ((packets.CONNECT, {"sid": "s"}), (packets.CONNECT_ERROR, {"message": "m"})):
        text = packet(kind, body).decode()
        assert text[0] == str(kind)
        assert isinstance(orjson.loads(text[1:]), dict)
    assert packet(packets.DISCONNECT) == b"1"
    event = orjson.loads(event_packet(Event("e", None, b"{}"))[1:])
    assert event == ["e", {}]
