"""Keeps the import table of docs/architecture.md true, also for imports inside functions."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {path.parent.name: path.parent for path in ROOT.glob("*/runcast*/py.typed")}
SERVICES = {"runcast_api", "runcast_gateway", "runcast_runner"}
ALLOWED = {
    "runcast_core": set(),
    "runcast_api": {"runcast_core"},
    "runcast_gateway": {"runcast_core"},
    "runcast_runner": {"runcast_core"},
    "runcast_services": {"runcast_core", *SERVICES},
    "runcast": {"runcast_core", "runcast_services"},
}
IMPORTERS = {"importlib.import_module", "import_module", "__import__"}
INSIDE_FUNCTIONS_ONLY = {("runcast", "runcast_services")}


def imports(tree: ast.AST, *, inside_function: bool = False) -> Iterator[tuple[str, bool]]:
    """Yield each import's top-level name, and whether it is inside a function."""
    for node in ast.iter_child_nodes(tree):
        for name in _names(node):
            yield name.partition(".")[0], inside_function
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from imports(node, inside_function=inside_function or function)


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""] if node.level == 0 else []
    if isinstance(node, ast.Call) and ast.unparse(node.func) in {
        "importlib.import_module",
        "import_module",
        "__import__",
    }:
        return [a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    return []


def violations(package: str, source: str) -> set[str]:
    found = set()
    for name, inside_function in imports(ast.parse(source)):
        ours = re.match(r"runcast(_|$)", name) and name != package
        if ours and name not in ALLOWED[package]:
            found.add(f"{package} imports {name}")
        elif (package, name) in INSIDE_FUNCTIONS_ONLY and not inside_function:
            found.add(f"{package} imports {name} outside of a function")
    return found


def test_every_package_is_in_the_table() -> None:
    """A package that stands on disk has its rule, and the other way round."""
    assert set(PACKAGES) == set(ALLOWED)


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_a_package_imports_only_what_the_table_allows(package: str) -> None:
    """No module of a package imports one of our packages that its row does not name."""
    sources = sorted(PACKAGES[package].rglob("*.py"))
    assert sources
    assert {f"{path.name}: {fault}" for path in sources for fault in violations(package, path.read_text())} == set()


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("runcast_core", "import runcast"),
        ("runcast_api", "from runcast_gateway.relay.hub import Hub"),
        ("runcast_gateway", "def f():\n    import runcast_runner.runner"),
        ("runcast_runner", "class A:\n    async def f(self):\n        from runcast_api import app"),
        ("runcast_services", "import os, runcast.command"),
        ("runcast_api", "import importlib\nimportlib.import_module('runcast_runner.runner')"),
        ("runcast", "if True:\n    import runcast_services"),
        ("runcast", "def f():\n    import runcast_api"),
    ],
)
def test_a_forbidden_import_is_found(package: str, source: str) -> None:
    """An import against the table is found wherever it stands."""
    assert len(violations(package, source)) == 1


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("runcast_api", "from runcast_core.bus.bus import Bus\nfrom runcast_api import app\nfrom . import models"),
        ("runcast", "def up():\n    from runcast_services.up import run_up"),
        ("runcast_services", "import runcast_api, runcast_gateway.app, runcast_runner"),
        ("runcast_core", "import runcaster"),
    ],
)
def test_an_allowed_import_is_not_found(package: str, source: str) -> None:
    """An import that the table allows is no fault."""
    assert violations(package, source) == set()


def test_the_documented_table_is_the_tested_one() -> None:
    """The table in docs/architecture.md says what this test enforces."""
    text = (ROOT / "docs/architecture.md").read_text()
    rows = re.findall(r"^\| (`runcast[^|]*)\|[^|]*\|([^|]*)\|$", text, re.MULTILINE)
    documented = {
        package: set(re.findall(r"`(runcast\w*)`", allowed))
        for packages, allowed in rows
        for package in re.findall(r"`(runcast\w*)`", packages)
    }
    assert documented == ALLOWED
