#!/usr/bin/env bash
# import-linter calls a contract kept that a module breaks, if the module's folder has no __init__.py.
#
# Versions: import-linter 2.17, grimp 3.20.
#
# One would expect (written before the run): what Python imports as a part of the package is looked at. A folder without
# an `__init__.py` is one (PEP 420), so the forbidden import is found; or the linter says what it passes over.
#
# Instead: such a folder below the root is passed over without a word, with all that is in it: the contract is `KEPT`,
# and the exit status is 0. Only the number of analyzed files tells. With an empty `__init__.py` the contract is broken.
# Seen:
#   python -c 'import shop.store.disk.files':   imports shop.web
#   without __init__.py in shop/store/disk:     Analyzed 3 files, 0 dependencies.   exit status 0
#   with it:                                    Analyzed 5 files, 1 dependencies.   exit status 1
#
# Where it matters here: the contracts in `pyproject.toml`: every folder of a package of ours has an `__init__.py`, and
# tests/unit/test_walls.py breaks each contract on purpose.
#
# Upstream: https://github.com/python-grimp/grimp/issues/298
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check 'import-linter==2.17' 'grimp==3.20'

mkdir -p "$dir/src/shop/store/disk"
cd "$dir/src"
touch shop/__init__.py shop/web.py shop/store/__init__.py
echo 'import shop.web' >shop/store/disk/files.py
cat >.importlinter <<'INI'
[importlinter]
root_package = shop

[importlinter:contract:store]
name = The store knows no web
type = forbidden
source_modules = shop.store
forbidden_modules = shop.web
INI

lint() { # prints how much was analyzed, and the exit status
    local status=0
    PYTHONPATH=. timeout 60 "$dir/venv/bin/lint-imports" --no-cache >"$dir/report" 2>&1 || status=$?
    echo "$(grep -o 'Analyzed .*' "$dir/report") Exit status $status."
}

imported="$(timeout 20 "$dir/venv/bin/python" -c 'import shop.store.disk.files, sys; print("shop.web" in sys.modules)')"
without="$(lint)"
kept="$(grep -c 'KEPT' "$dir/report" || true)"
touch shop/store/disk/__init__.py
with="$(lint)"
broken="$(grep -c 'shop.store.disk.files -> shop.web' "$dir/report" || true)"
echo "Python imports it, and with it shop.web: $imported"
echo "without __init__.py: $without"
echo "with __init__.py:    $with"
seen="$imported, $kept ${without##*. }, $broken ${with##*. }"
if [[ $seen != 'True, 1 Exit status 0., 1 Exit status 1.' ]]; then
    echo 'Not as stated any more: the folder is looked at, or told of.' >&2
    exit 1
fi
echo 'As stated: a contract that is broken is KEPT, where an __init__.py is missing.'
