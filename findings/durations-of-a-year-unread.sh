#!/usr/bin/env bash
# pydantic writes a timedelta of 365 days as `P1Y`, which msgspec refuses to read, and others read as 366 days.
#
# Versions: pydantic 2.14.3, msgspec 0.22.0, isodate 0.7.2 (as a third reader).
#
# One would expect: a timedelta is days and seconds, so either writes `P365D`, and what the one writes the other reads,
# as both name ISO 8601 for it.
#
# Instead: pydantic makes years of 365 days. msgspec reads no unit above a day, and raises; to isodate, as to ISO 8601,
# a year is one of the calendar. Seen (days; as written by pydantic, and by msgspec; what msgspec reads in the first of
# them, and what isodate does, in days from 2028-01-01 on):
#     364   P364D      P364D      364        364
#     365   P1Y        P365D      refused    366
#     400   P1Y35D     P400D      refused    401
#    1461   P4Y1D      P1461D     refused    1462
#
# Where it matters here: bodies are pydantic's and answers msgspec's: durations are numbers in both, and their names say
# the unit (`expiresInDays`, `withinMs`; docs/protocol.md).
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    'pydantic==2.14.3' 'msgspec==0.22.0' 'isodate==0.7.2'

timeout 50 "$dir/venv/bin/python" - <<'PY'
import datetime
import sys

import isodate
import msgspec
import pydantic

LEAP = datetime.datetime(2028, 1, 1)
STATED = {
    364: ("P364D", "P364D", "364", "364"),
    365: ("P1Y", "P365D", "refused", "366"),
    400: ("P1Y35D", "P400D", "refused", "401"),
    1461: ("P4Y1D", "P1461D", "refused", "1462"),
}
DURATION = pydantic.TypeAdapter(datetime.timedelta)


def read_by_msgspec(text: bytes) -> str:
    try:
        return str(msgspec.json.decode(text, type=datetime.timedelta).days)
    except msgspec.ValidationError:
        return "refused"


def found(days: int) -> tuple[str, ...]:
    duration = datetime.timedelta(days=days)
    by_pydantic, by_msgspec = DURATION.dump_json(duration), msgspec.json.encode(duration)
    assert DURATION.validate_json(by_pydantic) == DURATION.validate_json(by_msgspec) == duration
    calendar = (LEAP + isodate.parse_duration(by_pydantic.decode().strip('"')) - LEAP).days
    return by_pydantic.decode().strip('"'), by_msgspec.decode().strip('"'), read_by_msgspec(by_pydantic), str(calendar)


as_stated = True
for days, stated in STATED.items():
    row = found(days)
    print(f"{days:5}   " + "  ".join(f"{text:9}" for text in row))
    as_stated = as_stated and row == stated
if not as_stated:
    sys.exit("Not as stated any more: the two write one text for a duration, or read each other's.")
print("As stated: from 365 days on, the one refuses what the other wrote.")
PY
