"""What the real parts are started with."""

import socket

import pytest

from tests.parts.part import reserved_port


def test_a_reserved_port_is_for_its_server_alone():
    """It is taken for whoever asks for any port, before and while its server listens, and free for that server."""
    with reserved_port() as port, socket.socket() as other:
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
