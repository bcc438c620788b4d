"""Every wall goes red: a copy of the sources in which each is broken on purpose, read by import-linter once."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {path.parent.name: path.parent for path in ROOT.glob("*/runcast*/py.typed")}
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


@pytest.mark.parametrize(("importer", "imported", "wall"), BROKEN)
def test_an_import_through_a_wall_is_found(report: dict[str, str], importer: str, imported: str, wall: str):
    """The wall is named, and who broke it."""
    assert re.search(rf"{re.escape(importer)} -> {re.escape(imported)}\b", report[wall])


def test_every_wall_is_shown_to_break():
    """A contract that nothing here breaks may be one that nothing can."""
    names = re.findall(r'^name = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert set(names) - {"runcast"} == {wall for _, _, wall in BROKEN}


def test_the_documented_rooms_are_those_that_there_are():
    """The table in docs/architecture.md has a row for each room, and none for what is no room."""
    rows = re.findall(r"^\| `(runcast\w*(?:/\w+)?)` \|", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
    rooms = {f"{name}/{room.parent.name}" for name, folder in PACKAGES.items() for room in folder.glob("*/__init__.py")}
    undivided = {name for name in PACKAGES if not any(room.startswith(f"{name}/") for room in rooms)}
    assert sorted(rows) == sorted(rooms | undivided)


def test_every_package_has_walls():
    """None is left out."""
    roots = re.search(r"^root_packages = \[(.+)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert roots is not None
    assert set(re.findall(r'"(\w+)"', roots[1])) == set(PACKAGES)
