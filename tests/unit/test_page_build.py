"""`make` builds the page once where npm is, again when its sources change, and is in nobody's way where it cannot."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = "api/runcast_api/static/index.html"
NPM = """#!/bin/sh
echo "$@" >> ../calls
test ! -e ../broken || exit 1
test "$1" = run || exec mkdir -p node_modules
mkdir -p ../api/runcast_api/static && cp index.html ../api/runcast_api/static/
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with our Makefile, a small dashboard and, in place of npm, what writes down its calls."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("package.json", "package-lock.json", "index.html", "src/pages/main.tsx", "vite.config.ts"):
        path = tmp_path / "dashboard" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (1, 1))
    _program(tmp_path, "npm", NPM)
    _program(tmp_path, "node", "#!/bin/sh\necho v18.0.0\n")
    return tmp_path


def _program(folder: Path, name: str, text: str) -> None:
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def _make(folder: Path, path: str = "", **environment: str) -> "subprocess.CompletedProcess[str]":
    given = {"PATH": path or f"{folder}/bin:{os.environ['PATH']}", "HOME": str(folder), **environment}
    make = str(shutil.which("make"))
    return subprocess.run([make, "-C", str(folder), PAGE], env=given, capture_output=True, text=True)


def _calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []


def test_it_is_built_once_and_again_when_a_source_changes(sources: Path):
    """Whichever source it is; what the lock file says is installed anew where that changed."""
    assert _make(sources).returncode == 0
    assert (sources / PAGE).read_text() == "index.html"
    assert [call.split()[0] for call in _calls(sources)] == ["ci", "run"]
    _make(sources)
    assert len(_calls(sources)) == 2
    newer = (sources / PAGE).stat().st_mtime + 1
    both, built = ["ci", "run"], ["run"]
    for name, called in (("package-lock.json", both), ("src/pages/main.tsx", built), ("vite.config.ts", built)):
        before = len(_calls(sources))
        os.utime(sources / "dashboard" / name, (newer, newer))
        _make(sources)
        assert [call.split()[0] for call in _calls(sources)[before:]] == called
        os.utime(sources / "dashboard" / name, (1, 1))


def test_what_npm_installs_is_no_source(sources: Path):
    """It is newer than the page each time, and many files."""
    _make(sources)
    installed = sources / "dashboard/node_modules/react/index.js"
    installed.parent.mkdir(parents=True)
    installed.touch()
    os.utime(installed, (2**32, 2**32))
    _make(sources)
    assert len(_calls(sources)) == 2


def test_without_npm_it_says_what_to_install(sources: Path):
    """And whatever needs the page goes on without."""
    programs = sources / "few"
    programs.mkdir()
    for name in ("sh", "find", "mkdir", "test"):
        (programs / name).symlink_to(str(shutil.which(name)))
    done = _make(sources, str(programs))
    assert (done.returncode, _calls(sources)) == (0, [])
    assert "npm is missing: install it with Node 20.19 or later" in done.stdout


def test_without_a_dashboard_there_is_nothing_to_build(sources: Path):
    """As in a source distribution."""
    shutil.rmtree(sources / "dashboard")
    done = _make(sources)
    assert (done.returncode, _calls(sources)) == (0, [])
    assert "the page is not built" in done.stdout


def test_a_build_that_fails_stops_only_who_demands_it(sources: Path):
    """It is tried again the next time, and no older page is taken for the new one."""
    _make(sources)
    (sources / "broken").touch()
    newer = (sources / PAGE).stat().st_mtime + 1
    os.utime(sources / "dashboard/index.html", (newer, newer))
    done = _make(sources)
    assert done.returncode == 0
    assert "takes npm and Node 20.19 or later, here it is Node v18.0.0" in done.stdout
    assert not (sources / PAGE).exists()
    assert _make(sources, RUNCAST_TEST_DEMAND="all").returncode != 0
    (sources / "broken").unlink()
    assert _make(sources).returncode == 0
    assert (sources / PAGE).exists()
