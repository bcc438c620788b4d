#!/usr/bin/env bash
# A number that PyMongo read cannot be written by msgspec: 64-bit integers come as a subclass of int, which it refuses.
#
# Versions: msgspec 0.22.0, pymongo 4.20.0, orjson 3.13.0.
#
# One would expect (written before the run): `bson.Int64` is an int, so whatever writes JSON writes it as a number, as
# `json` and orjson do.
#
# Instead: small numbers come as int and are written, and a time in milliseconds, which needs 64 bits, raises; also as a
# field of a Struct that is declared as int, which says nothing when it is made. `msgspec.convert` makes an int of it.
# Seen (what became of 7 and of 1795852800000 after a round through BSON):
#   json:                          7  1795852800000
#   orjson:                        7  1795852800000
#   msgspec.json.encode:           7  TypeError: Encoding objects of type Int64 is unsupported
#   msgspec.to_builtins:           7  TypeError: Encoding objects of type Int64 is unsupported
#   made by msgspec.convert:       7  1795852800000
#   with a decoder in the codec:   7  1795852800000
#
# Where it matters here: libs/runcast_core, store/mongo/documents.py: the database's codec makes plain numbers of them,
# so that no wire shape and no stored attempt has to know where a number came from.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    'msgspec==0.22.0' 'pymongo==4.20.0' 'orjson==3.13.0'

timeout 50 "$dir/venv/bin/python" - <<'PY'
import json
import sys
from collections.abc import Callable

import bson
import msgspec
import orjson
from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry

NUMBERS = (7, 1_795_852_800_000)


class Plain(TypeDecoder):
    bson_type = bson.Int64

    def transform_bson(self, value: bson.Int64) -> int:
        return int(value)


class Event(msgspec.Struct):
    number: int


def outcome(write: Callable[[dict], object], number: int, options: CodecOptions) -> str:
    try:
        written = write(bson.decode(bson.encode({"number": number}), options))
    except TypeError as error:
        return f"TypeError: {error}"
    return str((written if isinstance(written, dict) else json.loads(written))["number"])


def row(label: str, write: Callable[[dict], object], options: CodecOptions = CodecOptions()) -> tuple[str, ...]:
    found = tuple(outcome(write, number, options) for number in NUMBERS)
    print(f"{label + ':':30}", *found, sep="  ")
    return found


def made(document: dict) -> bytes:
    return msgspec.json.encode(Event(**document))


def converted(document: dict) -> bytes:
    return msgspec.json.encode(msgspec.convert(document, Event))


fine = tuple(map(str, NUMBERS))
refused = (fine[0], "TypeError: Encoding objects of type Int64 is unsupported")
with_decoder = CodecOptions(type_registry=TypeRegistry([Plain()]))
seen = [
    row("json", json.dumps),
    row("orjson", orjson.dumps),
    row("msgspec.json.encode", made),
    row("msgspec.to_builtins", lambda document: msgspec.to_builtins(Event(**document))),
    row("made by msgspec.convert", converted),
    row("with a decoder in the codec", made, with_decoder),
]
if seen != [fine, fine, refused, refused, fine, fine]:
    sys.exit("Not as stated any more: another writer takes Int64, or refuses it.")
print("As stated: msgspec refuses a number that json and orjson write.")
PY
