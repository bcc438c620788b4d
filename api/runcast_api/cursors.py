"""Cursors of pages: opaque to clients, the place where the page before ended."""

import base64
import binascii

from runcast_core.errors import InvalidInput
from runcast_core.store import Position


def encode_cursor(position: Position) -> str:
    text = f"{position.created_at}:{position.task_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        created_at, _, task_id = text.partition(":")
        return Position(int(created_at), task_id)
    except (ValueError, binascii.Error, UnicodeError) as exc:
        raise InvalidInput("cursor: use the `nextCursor` of the page before", code="INVALID_CURSOR") from exc
