#!/usr/bin/env bash
# PyJWT raises an error that is none of its own for a token with a lone surrogate, which JSON can spell.
#
# Versions: PyJWT 2.15.1.
#
# One would expect (written before the run): whatever text comes as a token, a bad one raises a `PyJWTError`, so that
# `except jwt.PyJWTError` is enough for who is handed a token in a JSON body, by a stranger.
#
# Instead: nearly so. What is no token, is nested too deeply, has other letters or is of another type altogether raises
# a DecodeError. A text with half of a surrogate pair, which `json.loads` makes of "\ud800" without complaint, raises
# the UnicodeEncodeError of `str.encode`: a ValueError, which such an `except` lets through. Seen (get_unverified_header
# and decode alike):
#   no token at all:          DecodeError
#   letters outside ASCII:    DecodeError
#   a number:                 DecodeError
#   deeply nested header:     DecodeError
#   a lone surrogate:         UnicodeEncodeError, which is no PyJWTError
#
# Where it matters here: libs/runcast_core, access/tokens.py and jwks.py: a token is matched against the letters of its
# form before PyJWT sees it, and whatever PyJWT raises refuses it.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check 'PyJWT==2.15.1'

timeout 50 "$dir/venv/bin/python" - <<'PY'
import base64
import json
import sys

import jwt

KEY = "k" * 32
NESTED = base64.urlsafe_b64encode(b'{"alg":"HS256","x":' + b"[" * 5000 + b"]" * 5000 + b"}").rstrip(b"=").decode()
BODIES = {
    "no token at all": '{"token": "hello"}',
    "letters outside ASCII": '{"token": "h\\u00e9.l\\u00e9.o"}',
    "a number": '{"token": 5}',
    "deeply nested header": json.dumps({"token": f"{NESTED}.e30.AA"}),
    "a lone surrogate": '{"token": "\\ud800"}',
}


def raised(read, token: object) -> Exception | None:
    try:
        read(token)
    except Exception as error:
        return error
    return None


def outcomes(body: str) -> list[Exception | None]:
    token = json.loads(body)["token"]
    return [
        raised(jwt.get_unverified_header, token),
        raised(lambda text: jwt.decode(text, KEY, algorithms=["HS256"]), token),
    ]


seen = {label: outcomes(body) for label, body in BODIES.items()}
for label, errors in seen.items():
    kinds = ", ".join(type(error).__name__ for error in errors)
    own = all(isinstance(error, jwt.PyJWTError) for error in errors)
    print(f"{label + ':':26}{kinds}{'' if own else ', which is no PyJWTError'}")
*others, surrogate = seen.values()
if not all(isinstance(error, jwt.DecodeError) for errors in others for error in errors):
    sys.exit("Not as stated any more: another bad token raises what is no DecodeError.")
if [type(error) for error in surrogate] != [UnicodeEncodeError] * 2:
    sys.exit("Not as stated any more: a lone surrogate raises something else.")
print("As stated: `except jwt.PyJWTError` does not see every bad token.")
PY
