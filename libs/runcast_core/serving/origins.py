"""The origins of web pages that may call: read from a setting, and decided about in one place for every service."""

import re
from dataclasses import dataclass
from typing import Self

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""What a machine calls itself, as it stands in an origin or a `Host` header."""

_ANY = "*"
_LOOPBACK = "loopback"
_LOOPBACK_ORIGIN = rf"https?://(?:{'|'.join(map(re.escape, LOOPBACK_HOSTS))})(?::[0-9]{{1,5}})?"
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9_-][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_DEFAULT_PORT = re.compile(r"http://.*:80|https://.*:443")


@dataclass(frozen=True)
class Origins:
    """Which origins are allowed, in the terms of Starlette's `CORSMiddleware`."""

    allow_origins: tuple[str, ...]
    allow_origin_regex: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what a list separated by commas allows: origins, `*` for every one, `loopback` for every page of this
        machine's own servers. Raises `ValueError`, without the text, if an entry is none of these."""
        entries = [entry.strip().lower() for entry in text.split(",") if entry.strip()]
        origins = tuple(entry for entry in entries if entry != _LOOPBACK)
        if not entries or not all(origin == _ANY or as_sent(origin) for origin in origins):
            raise ValueError("write *, loopback, or origins such as https://dashboard.example, separated by commas")
        return cls(origins, _LOOPBACK_ORIGIN if _LOOPBACK in entries else None)

    @property
    def any_origin(self) -> bool:
        return _ANY in self.allow_origins

    def allows(self, origin: str) -> bool:
        if self.any_origin or origin in self.allow_origins:
            return True
        return self.allow_origin_regex is not None and re.fullmatch(self.allow_origin_regex, origin) is not None


def as_sent(origin: str) -> bool:
    """Tell whether a browser may send it so: without a path, a user or a default port. Another would never match."""
    return _ORIGIN.fullmatch(origin) is not None and _DEFAULT_PORT.fullmatch(origin) is None
