"""A dashboard's socket, as the benchmark's clients hold it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson
from websockets.sync.client import ClientConnection, connect

SILENCE_S = 20.0


class Dashboard:
    """A Socket.IO client over WebSocket that was let in."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def events(self, name: str) -> Iterator[Any]:
        """Yield the payloads of one event, answering pings. Raises `TimeoutError` once nothing came for `SILENCE_S`."""
        beginning = f'42["{name}",'
        while True:
            text = str(self._socket.recv(timeout=SILENCE_S))
            if text == "2":
                self._socket.send("3")
            elif text.startswith(beginning):
                yield orjson.loads(text[len(beginning) : -1])


@contextmanager
def dashboard(url: str, token: str) -> Iterator[Dashboard]:
    """Connect to a gateway until the context ends."""
    address = f"ws://{urlsplit(url).netloc}/socket.io/?EIO=4&transport=websocket"
    with connect(address, compression=None, max_size=None) as socket:
        socket.recv(timeout=SILENCE_S)
        socket.send("40" + json.dumps({"token": token}))
        while not str(socket.recv(timeout=SILENCE_S)).startswith("40"):
            pass
        yield Dashboard(socket)
