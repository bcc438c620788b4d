#!/usr/bin/env bash
# pydantic and msgspec make different names in camelCase of the same field, if a digit stands before a letter in it.
#
# Versions: pydantic 2.14.3, msgspec 0.22.0.
#
# One would expect (written before the run): `alias_generator=to_camel` and `rename="camel"` are the same rule, which
# drops each underscore and writes the letter after it large, so that a body that one of them reads may be an answer
# that the other wrote.
#
# Instead: pydantic writes a letter large that follows a digit, too, as `str.title` does. A name in which no letter
# comes directly after a digit is the same in both. Seen (the field, what pydantic makes of it, and what msgspec):
#   api_key         apiKey         apiKey
#   last_4          last4          last4
#   sha256_sum      sha256Sum      sha256Sum
#   s3key_id        s3KeyId        s3keyId
#   step1b_done     step1BDone     step1bDone
#   mp3player_on    mp3PlayerOn    mp3playerOn
#
# Where it matters here: bodies are pydantic's (api, models/base.py) and answers msgspec's (runcast_core, model/wire):
# no field of theirs has a letter directly after a digit.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check 'pydantic==2.14.3' 'msgspec==0.22.0'

timeout 50 "$dir/venv/bin/python" - <<'PY'
import sys

import msgspec
import pydantic
from pydantic.alias_generators import to_camel

ALIKE = ("api_key", "last_4", "sha256_sum")
DIFFERENT = ("s3key_id", "step1b_done", "mp3player_on")


def written(field: str) -> tuple[str, str]:
    """The field's name in what each of the two writes."""
    config = pydantic.ConfigDict(alias_generator=to_camel, validate_by_name=True)
    model = pydantic.create_model("Body", __config__=config, **{field: (int, 0)})
    answer = msgspec.defstruct("Answer", [(field, int, 0)], rename="camel")
    (by_pydantic,) = model().model_dump(by_alias=True)
    (by_msgspec,) = msgspec.to_builtins(answer())
    return by_pydantic, by_msgspec


def names(field: str) -> tuple[str, str]:
    by_pydantic, by_msgspec = written(field)
    print(f"{field:16}{by_pydantic:15}{by_msgspec}")
    return by_pydantic, by_msgspec


alike = [by_pydantic == by_msgspec for by_pydantic, by_msgspec in map(names, ALIKE)]
different = [by_pydantic != by_msgspec for by_pydantic, by_msgspec in map(names, DIFFERENT)]
if not all(alike + different):
    sys.exit("Not as stated any more: the two agree on all names, or on fewer.")
print("As stated: one field, two names in camelCase.")
PY
