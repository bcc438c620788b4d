"""Offsets: ids of journal entries, which rise with every event of an organization.

https://redis.io/docs/latest/develop/data-types/streams/#entry-ids: `<milliseconds>-<sequence number>`.
"""

import re
from typing import TypeAlias

Offset: TypeAlias = tuple[int, int]

_OFFSET = re.compile(r"(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})")


def is_offset(text: str) -> bool:
    return _OFFSET.fullmatch(text) is not None


def parse_offset(text: str) -> Offset:
    """Return an offset that compares."""
    milliseconds, _, number = text.partition("-")
    return int(milliseconds), int(number)
