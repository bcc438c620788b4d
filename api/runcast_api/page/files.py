"""The files of the built page, read once: what is asked for later is looked up here and never in a file system."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runcast_api.http.accepted import IDENTITY

STATIC = Path(__file__).parents[1] / "static"
"""Where the build of `dashboard/` puts it."""
INDEX = "/index.html"
ASSETS = "/assets/"
"""Below it the build puts what has a hash of its content in its name."""
_NOT_BUILT = Path(__file__).with_name("not_built.html")
_SUFFIXES = {"br": ".br", "gzip": ".gz"}
_BINARY = "application/octet-stream"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Not those of this machine, which differ."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A file in one encoding."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file in each encoding that it lies there in, the one that is sent rather first."""

    media_type: str
    cache_control: str
    variants: Mapping[str, Variant]


def built_page() -> dict[str, PageFile]:
    """Return the page's files by their paths; of one that was not built, an index that says how to."""
    files = _read(STATIC)
    return files if INDEX in files else {INDEX: _file(_NOT_BUILT, INDEX)}


def _read(folder: Path) -> dict[str, PageFile]:
    """Return what is to be served: no hidden files, nothing that leads elsewhere, and no encoding as a file."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    paths = {"/" + path.relative_to(folder).as_posix(): path for path in found}
    return {name: _file(path, name) for name, path in paths.items() if "/." not in name and not _encodes(path)}


def _encodes(path: Path) -> bool:
    return path.suffix in _SUFFIXES.values() and path.with_suffix("").is_file()


def _file(path: Path, name: str) -> PageFile:
    cache_control = "public, max-age=31536000, immutable" if name.startswith(ASSETS) else "no-cache"
    encoded = {name: path.with_name(path.name + suffix) for name, suffix in _SUFFIXES.items()}
    there = {name: each for name, each in encoded.items() if each.is_file() and not each.is_symlink()}
    variants = {name: _variant(each.read_bytes()) for name, each in (there | {IDENTITY: path}).items()}
    return PageFile(_MEDIA_TYPES.get(path.suffix.lower(), _BINARY), cache_control, variants)


def _variant(content: bytes) -> Variant:
    return Variant(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
