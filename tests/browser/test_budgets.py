"""How much of the page is loaded: budgets of size, in bytes of gzip, of what the build made."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

STATIC = Path(__file__).parents[2] / "api/runcast_api/static"
KB = 1024
FIRST_LOAD, LAZY_ROUTE, STYLES = 160 * KB, 40 * KB, 15 * KB
MORE = {"src/pages/execution.tsx": 46 * KB}
"""An execution's page, which is the log view, with find, its patterns, and the cursor."""


@pytest.fixture
def manifest(page: None) -> dict[str, Any]:
    """Which chunk needs which others: https://vite.dev/guide/backend-integration"""
    found: dict[str, Any] = json.loads((STATIC / ".vite/manifest.json").read_text())
    return found


def _needed(manifest: dict[str, Any], *names: str) -> set[str]:
    """Return the chunks that are loaded with these."""
    needed, left = set[str](), list(names)
    while left:
        if (name := left.pop()) not in needed:
            needed.add(name)
            left += manifest[name].get("imports", [])
    return needed


def _bytes(files: Iterator[str]) -> int:
    return sum((STATIC / f"{file}.gz").stat().st_size for file in set(files))


def test_the_list_is_there_after_little_script(manifest: dict[str, Any]):
    """The entry, the frame and the list of executions, with all that they import."""
    routes = [name for name in manifest if name in {"src/pages/frame.tsx", "src/pages/executions.tsx"}]
    assert len(routes) == 2
    first = _needed(manifest, "index.html", *routes)
    assert _bytes(manifest[name]["file"] for name in first) <= FIRST_LOAD


def test_no_other_page_adds_much(manifest: dict[str, Any]):
    first = _needed(manifest, "index.html")
    lazy = [name for name, chunk in manifest.items() if chunk.get("isDynamicEntry")]
    assert len(lazy) > 10
    for name in lazy:
        added = _needed(manifest, name) - first
        assert _bytes(manifest[each]["file"] for each in added) <= MORE.get(name, LAZY_ROUTE), name


def test_styles_are_small(manifest: dict[str, Any]):
    styles = {file for chunk in manifest.values() for file in chunk.get("css", [])}
    assert styles
    assert _bytes(iter(styles)) <= STYLES
