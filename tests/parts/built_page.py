"""A page as its build leaves it, for tests that need none that works."""

import gzip
from pathlib import Path

INDEX = '<!doctype html><script type="module" src="/assets/index-B1a2C3d4.js"></script>'
SCRIPT = "console.log('✓')\n" * 200
FILES: dict[str, bytes] = {
    "index.html": INDEX.encode(),
    "index.html.gz": gzip.compress(INDEX.encode()),
    "assets/index-B1a2C3d4.js": SCRIPT.encode(),
    "assets/index-B1a2C3d4.js.gz": gzip.compress(SCRIPT.encode()),
    "assets/index-B1a2C3d4.js.br": b"as if by brotli",
    "assets/index-E5f6G7h8.css": b"@layer base {}",
    "favicon.svg": b"<svg/>",
    "data.unheard-of": b"\x00",
    ".vite/manifest.json": b"{}",
    "assets/.hidden.js": b"hidden",
    "alone.gz": gzip.compress(b"an archive"),
}


def build(folder: Path) -> Path:
    """Put it into the folder; return that."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
