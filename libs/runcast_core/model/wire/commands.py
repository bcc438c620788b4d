"""What a dashboard's commands are acknowledged with; a refusal is a `Problem`."""

from runcast_core.model.wire.shape import Shape


class Watching(Shape, frozen=True):
    """The tasks whose output the socket is sent, sorted."""

    watching: tuple[str, ...]


class Refreshed(Shape, frozen=True):
    """When the socket's new token ends (ISO 8601)."""

    expires_at: str
