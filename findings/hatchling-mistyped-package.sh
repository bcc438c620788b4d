#!/usr/bin/env bash
# hatchling builds a wheel without a package whose folder is mistyped in `packages`, and says nothing.
#
# Versions: hatchling 1.33.0, editables 0.6 (built by whatever pip the interpreter brings).
#
# One would expect (written before the run): a folder that is listed and is not there ends the build with an error that
# names it, for a wheel as for an editable installation.
#
# Instead: both succeed. If others are listed too, the wheel just lacks this one; if none is right, it has no code at
# all. Seen (the folders are libs/sun and libs/rain):
#   packages = ["libs/sun", "libs/rian"]: built; it contains: sun/__init__.py
#   packages = ["libs/rian"]: built; it contains: nothing but metadata
#   the same, editable: installed; import rain: ModuleNotFoundError
#
# Where it matters here: pyproject.toml lists the packages of all services, so tests/unit/test_wheel.py builds the wheel
# and looks whether each is in it.
#
# Upstream: https://github.com/pypa/hatch/issues/1947
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 120 python3 -m venv venv
timeout 300 venv/bin/pip install --quiet --disable-pip-version-check 'hatchling==1.33.0' 'editables==0.6'
mkdir -p project/libs/sun project/libs/rain
touch project/libs/sun/__init__.py project/libs/rain/__init__.py

# Writes a project with these packages.
list_packages() {
    cat > project/pyproject.toml <<TOML
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "weather"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = [$1]
TOML
}

# Builds a wheel and prints which files it has beside its metadata.
contents() {
    rm -rf wheels
    timeout 60 venv/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w wheels ./project
    venv/bin/python -c 'import sys, zipfile
names = [name for name in zipfile.ZipFile(sys.argv[1]).namelist() if ".dist-info/" not in name]
print(*(names or ["nothing but metadata"]))' wheels/*.whl
}

list_packages '"libs/sun", "libs/rian"'
partial="$(contents)" || { echo "Not as stated any more: the build fails if one folder is missing."; exit 1; }
echo "packages = [\"libs/sun\", \"libs/rian\"]: built; it contains: $partial"
list_packages '"libs/rian"'
empty="$(contents)" || { echo "Not as stated any more: the build fails if all folders are missing."; exit 1; }
echo "packages = [\"libs/rian\"]: built; it contains: $empty"
timeout 60 venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e ./project ||
    { echo "Not as stated any more: the editable installation fails."; exit 1; }
imported="$(venv/bin/python -c 'import rain' 2>&1 | tail -n 1 | cut -d: -f1)" || true
echo "the same, editable: installed; import rain: ${imported:-works}"

if [[ "$partial, $empty, $imported" != "sun/__init__.py, nothing but metadata, ModuleNotFoundError" ]]; then
    echo "Not as stated any more: the wheel has other contents."
    exit 1
fi
echo "As stated: a mistyped package is left out without a word."
