"""An answer of output in steps, of which no more than one waits for its client."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Send

from runcast_api.executions.output_shares import OutputShare, OutputShares
from runcast_api.http.reauthentication import authenticate_again
from runcast_core.model.errors import RuncastError
from runcast_core.serving.broken_answers import break_off

LOOK_S = 1.0
"""How long a caller who was looked at is answered without another look."""


class OutputAnswer(StreamingResponse):
    """Each step is made once the connection has written most of the one before, all within the share of the
    organization, for a caller who may still have it. What fails before there is a first step is answered as an error;
    what fails later breaks the answer off. No browser and no proxy keeps it, as with `Answer`. A HEAD makes no step.
    `whole` says that there is one, whose size is told."""

    def __init__(
        self,
        request: Request,
        organization_id: str,
        steps: AsyncIterator[bytes],
        media_type: str,
        headers: dict[str, str] | None = None,
        *,
        whole: bool = False,
    ) -> None:
        super().__init__(steps, media_type=media_type, headers={"Cache-Control": "no-store", **(headers or {})})
        self._steps = steps
        self._shares: OutputShares = request.app.state.output_shares
        self._request = request
        self._organization_id = organization_id
        self._whole = whole
        self._empty = request.method == "HEAD"

    async def stream_response(self, send: Send) -> None:
        async with self._shares.taken(self._organization_id) as share:
            step = await self._next(share)
            if self._whole and step is not None:
                self.headers["Content-Length"] = str(len(step))
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            try:
                while step is not None:
                    await _send(send, step)
                    step = b""  # what waits in the connection is then the only copy
                    await _send(send, b"")  # uvicorn waits before it writes, while too much is unwritten
                    step = await self._next(share)
            except RuncastError as error:
                await break_off(self._request, error.code)
            else:
                await _send(send, b"", more=False)

    async def _next(self, share: OutputShare) -> bytes | None:
        if self._empty:
            return None
        async with share.reads:
            await authenticate_again(self._request, LOOK_S)
            return await anext(self._steps, None)


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
