"""Every wall goes red: a copy of the sources in which each is broken on purpose, read by import-linter once."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {path.parent.name: path.parent for path in ROOT.glob("*/runcast*/py.typed")}
UNDIVIDED = {name for name, folder in PACKAGES.items() if not list(folder.glob("*/__init__.py"))}
SERVICES = "Services stand on the core, and know nothing of each other"
COMMAND = "The command line knows the services by their composition only"
CORE = "The floors of runcast_core"
BARE = "Store and bus need neither tokens nor servers"
GATEWAY, RUNNER, API = (f"The floors of the {name}" for name in ("gateway", "runner", "api"))
REAL_TIME = "Socket.IO is for the gateway's protocol, Engine.IO and WebSockets for its transport"
UVICORN = "uvicorn is for who serves, its inside for transport and serving"
BROKEN = [
    ("runcast_core.model.clock", "runcast.command", SERVICES),
    ("runcast_core.serving.start", "runcast_runner.runner", SERVICES),
    ("runcast_api.app", "runcast_gateway.relay.hub", SERVICES),
    ("runcast_gateway.app", "runcast_runner.runner", SERVICES),
    ("runcast_runner.app", "runcast_api.app", SERVICES),
    ("runcast_services.up", "runcast.command", SERVICES),
    ("runcast.command", "runcast_api.app", COMMAND),
    ("runcast_core.model.errors", "runcast_core.bus.hints", CORE),
    ("runcast_core.bus.presence", "runcast_core.store.announcer", CORE),
    ("runcast_core.store.store", "runcast_core.access.tokens", BARE),
    ("runcast_core.bus.memory_bus", "runcast_core.serving.settings", BARE),
    ("runcast_core.store.sqlite.rows", "runcast_core.store.mongo.errors", "Adapters do not know each other"),
    ("runcast_core.store.announcer", "runcast_core.store.sqlite.rows", "Contracts do not know their adapters"),
    (
        "runcast_core.model.wire.shape",
        "runcast_core.model.events",
        "Wire shapes stand on the model, events on wire shapes",
    ),
    ("runcast_gateway.relay.hub", "runcast_gateway.protocol.pid", GATEWAY),
    ("runcast_gateway.transport.outbox", "runcast_gateway.sessions.drain", GATEWAY),
    ("runcast_gateway.metrics", "runcast_gateway.relay.ring", GATEWAY),
    ("runcast_runner.output.lines", "runcast_runner.attempt.lease", RUNNER),
    ("runcast_runner.executors.executor", "runcast_runner.queue.take_up", RUNNER),
    (
        "runcast_runner.executors.process.tree",
        "runcast_runner.executors.docker.calls",
        "Executors do not know each other",
    ),
    ("runcast_api.http.queries", "runcast_api.accounts.users", API),
    ("runcast_api.accounts.users", "runcast_api.executions.logs", API),
    ("runcast_api.executions.logs", "runcast_api.statistics.activity", API),
    ("runcast_runner.queue.orphans", "docker", "docker is for the Docker executor"),
    ("runcast_core.store.sqlite.schema", "pymongo", "pymongo is for the MongoDB store"),
    ("runcast_core.store.announcer", "apsw", "apsw is for the SQLite store"),
    ("runcast_gateway.relay.broker", "redis", "redis is for the bus on Redis"),
    ("runcast_gateway.relay.room", "socketio", REAL_TIME),
    ("runcast_gateway.protocol.pid", "engineio", REAL_TIME),
    ("runcast_gateway.app", "websockets", REAL_TIME),
    ("runcast_gateway.sessions.expiry", "uvicorn", UVICORN),
]
"""Who imports what, and the wall that it breaks."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What import-linter says of each broken wall. Each import stands in a function, where it is easily overlooked."""
    copy = tmp_path_factory.mktemp("broken")
    for name, folder in PACKAGES.items():
        shutil.copytree(folder, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for importer, imported, _ in BROKEN:
        with (copy / importer.replace(".", "/")).with_suffix(".py").open("a") as module:
            module.write(f"\n\ndef _broken_{imported.replace('.', '_')}() -> None:\n    import {imported}\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache", ROOT / "pyproject.toml"]
    environment = {"PYTHONPATH": str(copy), "COLUMNS": "1000"}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=copy)
    assert ended.returncode == 1, ended.stderr
    sections = re.split(r"^(.+)\n-+$", ended.stdout.split("Broken contracts")[1], flags=re.MULTILINE)
    return dict(zip(sections[1::2], sections[2::2], strict=True))


def _hidden(package: str, source: str) -> list[str]:
    """Return what import-linter does not see: imports by name, and the command's of the services outside a function."""
    found = []
    pending: list[tuple[ast.AST, bool]] = [(ast.parse(source), False)]
    while pending:
        node, inside = pending.pop()
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in {"__import__", "import_module"}:
            found.append(ast.unparse(node))
        if isinstance(node, ast.Import | ast.ImportFrom) and package == "runcast" and not inside:
            found += [text for text in [ast.unparse(node)] if "runcast_services" in text]
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        pending += [(child, inside) for child in ast.iter_child_nodes(node)]
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_no_import_is_hidden(package: str):
    """In no module of it."""
    sources = sorted(PACKAGES[package].rglob("*.py"))
    assert sources
    assert {str(path): found for path in sources if (found := _hidden(package, path.read_text()))} == {}


@pytest.mark.parametrize(
    ("package", "source", "count"),
    [
        ("runcast_api", "import importlib\nimportlib.import_module('runcast_runner.runner')", 1),
        ("runcast_api", "def f():\n    __import__('runcast_runner.runner')", 1),
        ("runcast", "if True:\n    import runcast_services", 1),
        ("runcast", "try:\n    from runcast_services.up import run_up\nfinally:\n    pass", 1),
        ("runcast", "def up():\n    from runcast_services.up import run_up", 0),
        ("runcast_services", "import runcast_api, runcast_gateway.app, runcast_runner", 0),
    ],
)
def test_a_hidden_import_is_found(package: str, source: str, count: int):
    """Wherever it stands; where it may, it is none."""
    assert len(_hidden(package, source)) == count


@pytest.mark.parametrize(("importer", "imported", "wall"), BROKEN)
def test_an_import_through_a_wall_is_found(report: dict[str, str], importer: str, imported: str, wall: str):
    """The wall is named, and who broke it."""
    assert re.search(rf"{re.escape(importer)} -> {re.escape(imported)}\b", report[wall])


def test_every_wall_is_shown_to_break():
    """A contract that nothing here breaks may be one that nothing can."""
    names = re.findall(r'^name = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert set(names) - {"runcast"} == {wall for _, _, wall in BROKEN}


def test_the_documented_rooms_and_imports_are_those_that_there_are():
    """The table in docs/architecture.md has a row for each room, with what of ours it imports, and none for others."""
    text = (ROOT / "docs/architecture.md").read_text()
    rows = re.findall(r"^\| `(runcast\w*(?:/\w+)?)` \|[^|\n]*\|([^|\n]*)\|$", text, re.MULTILINE)
    graph = grimp.build_graph(*PACKAGES)
    rooms = {f"{name}/{room.parent.name}" for name, folder in PACKAGES.items() for room in folder.glob("*/__init__.py")}
    imported: dict[str, set[str]] = {room: set() for room in rooms | UNDIVIDED}
    for module in graph.modules:
        package, *inside = module.split(".")
        room = package if package in UNDIVIDED else "/".join([package, *inside[:1]])
        if room in imported:
            others = {_place(other, package) for other in graph.find_modules_directly_imported_by(module)}
            imported[room] |= others - {package, room.split("/")[-1]}
    assert {room: set(re.findall(r"`(\w+)`", names)) for room, names in rows} == imported


def _place(module: str, package: str) -> str:
    """Return how somebody in the package calls where the module is: by room at home, by package elsewhere."""
    return (
        module.split(".")[1] if module.startswith(f"{package}.") and package not in UNDIVIDED else module.split(".")[0]
    )


def test_every_package_has_walls():
    """None is left out."""
    roots = re.search(r"^root_packages = \[(.+)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert roots is not None
    assert set(re.findall(r'"(\w+)"', roots[1])) == set(PACKAGES)
