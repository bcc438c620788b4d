"""Answers in JSON: the bytes of a wire shape."""

from starlette.responses import Response

from runcast_core.model.wire.shape import Shape, encode


class Answer(Response):
    """One shape as the body."""

    media_type = "application/json"

    def render(self, content: Shape) -> bytes:
        return encode(content)
