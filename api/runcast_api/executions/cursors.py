"""Cursors of pages: opaque to clients, the place where the page before ended."""

import base64
import binascii

from runcast_core.model.errors import InvalidInput
from runcast_core.model.identifiers import check_task_id
from runcast_core.store.listing import Position

_MAX_DIGITS = 15


def encode_cursor(position: Position) -> str:
    text = f"{position.created_at}:{position.task_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    """Return the position. Raises `InvalidInput` for anything that `encode_cursor` cannot have made."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, _, task_id = text.partition(":")
        if not (created_at.isascii() and created_at.isdigit() and len(created_at) <= _MAX_DIGITS):
            raise ValueError("not a time in milliseconds")
        return Position(int(created_at), check_task_id(task_id))
    except (ValueError, binascii.Error, InvalidInput) as exc:
        raise InvalidInput("cursor: use the `nextCursor` of the page before", code="INVALID_CURSOR") from exc
