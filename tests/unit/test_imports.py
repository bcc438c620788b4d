"""Keeps the import table of docs/architecture.md true."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = {"runcast_api", "runcast_gateway", "runcast_runner"}
ALLOWED = {
    "libs/runcast_core": set(),
    "libs/runcast": {"runcast_core", "runcast_services"},
    "api/runcast_api": {"runcast_core"},
    "gateway/runcast_gateway": {"runcast_core"},
    "runner/runcast_runner": {"runcast_core"},
    "services/runcast_services": {"runcast_core", *SERVICES},
}
OURS = {"runcast", "runcast_core", "runcast_services", *SERVICES}


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_the_table_allows(package: str):
    """An import of another package of ours, also inside a function, is in the table."""
    own = package.split("/")[1]
    found = {name for path in (ROOT / package).rglob("*.py") for name in _imported(path)} & OURS
    assert found - {own} <= ALLOWED[package]


def _imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names
