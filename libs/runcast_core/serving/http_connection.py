"""uvicorn's HTTP protocol, where a client has to say in time what it wants, briefly, and to read what it is answered.

uvicorn itself waits for ever for a request, keeps whatever headers come, and waits for ever for who does not read.
Its private names are used here alone.
"""

import asyncio
import socket
from typing import Any

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runcast_core.serving.broken_answers import abort_extension

log = structlog.get_logger()

MAX_HEAD_BYTES = 64 * 1024
UNREAD_S = 30.0
"""How long a client may read nothing of an answer of which some could not be written."""
UNSENT_BYTES = 128 * 1024
"""What the kernel takes for a client before it is sent: without a bound, several MB for one that does not read."""


class HttpConnection(HttpToolsProtocol):
    """One connection; `head_s` is what the head of a request may take, from the connection or the answer before on."""

    head_s = 20.0
    _timer: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        if not self._in_body or self.cycle is None or self.cycle.response_complete:
            self._await_head()
        super().data_received(data)
        if self._timer is not None and not self._in_body:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._give_up("head too large")

    def on_headers_complete(self) -> None:
        self._timer, self._in_body = _cancel(self._timer), True
        self.scope["extensions"] = abort_extension(self.transport.abort)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._expect_reading()

    def resume_writing(self) -> None:
        self._unread = _cancel(self._unread)
        super().resume_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing() and self._unread is None:  # as soon as all is written, however long that takes
            self._expect_reading()

    def timeout_keep_alive_handler(self, unread: int | None = None) -> None:
        """uvicorn's time begins when the answer is in the buffer, where a slow client may yet have most of it."""
        now = self.transport.get_write_buffer_size()
        if not now:
            super().timeout_keep_alive_handler()
        elif unread is not None and now >= unread:
            self._give_up("answer not read")
        else:
            again = self.loop.call_later(UNREAD_S, self.timeout_keep_alive_handler, now)
            self.timeout_keep_alive_task = again

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer, self._unread = _cancel(self._timer), _cancel(self._unread)
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._timer is None:
            self._head_bytes = 0
            self._timer = self.loop.call_later(self.head_s, self._give_up, "no request")

    def _expect_reading(self, unread: int | None = None) -> None:
        """Look again after a while, and end the connection unless less than now waits to be written then."""
        now = self.transport.get_write_buffer_size()
        if unread is not None and now >= unread:
            self._give_up("answer not read")
        else:
            self._unread = self.loop.call_later(UNREAD_S, self._expect_reading, now)

    def _give_up(self, reason: str) -> None:
        log.info("HTTP connection closed", reason=reason)
        self.transport.abort()


def _cancel(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Cancel a timer; return what is left of it."""
    if timer is not None:
        timer.cancel()
    return None


def http_options(head_s: float) -> dict[str, Any]:
    """Return what `uvicorn.Config` has to be given for it."""
    return {"http": type("HttpConnection", (HttpConnection,), {"head_s": head_s})}
