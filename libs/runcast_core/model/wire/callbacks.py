"""What a worker's report over HTTP is answered with, in the words of the system that Runcast replaces."""

from typing import Literal

from runcast_core.model.wire.shape import Shape


class Broadcasted(Shape, frozen=True):
    """The report was taken."""

    status: Literal["broadcasted"]


class Ok(Shape, frozen=True):
    """The output was taken."""

    status: Literal["ok"]
