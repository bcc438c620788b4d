"""Answers in JSON: the bytes of a wire shape.

They are what one organization may see, and some show a secret this once: no browser and no proxy keeps any.
"""

from collections.abc import Mapping

from starlette.responses import Response

from runcast_core.model.wire.shape import Shape, encode


class Answer(Response):
    """One shape as the body."""

    media_type = "application/json"

    def __init__(self, content: Shape, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status_code, {"Cache-Control": "no-store", **(headers or {})})

    def render(self, content: Shape) -> bytes:
        return encode(content)
