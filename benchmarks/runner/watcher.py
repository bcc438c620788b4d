"""`python -m benchmarks.runner.watcher COUNT URL TOKEN [raw]`: a dashboard that reads so many lines of output.

Prints `ready` once it was let in, and in the end its account as JSON: when all lines came, when nothing came for a
while, or, told by the end of standard input, with the next event. Without URL it reads output from standard input.
`raw`: output comes cut anywhere and not in whole lines.
"""

import json
import os
import select
import sys
import time
from contextlib import suppress

from benchmarks.runner.account import Account
from benchmarks.runner.dashboard import dashboard

READ_BYTES = 1 << 20


def main() -> None:
    count, *where = sys.argv[1:]
    account = Account()
    if where:
        url, token, *raw = where
        _read_socket(account, int(count), url, token, "" if raw else "\n")
    else:
        _read_pipe(account, int(count))
    sys.stdout.write(json.dumps(account.report()) + "\n")


def _read_pipe(account: Account, count: int) -> None:
    _say_ready()
    while account.lines < count and (data := os.read(0, READ_BYTES)):
        account.feed(data.decode(), time.time_ns())


def _read_socket(account: Account, count: int, url: str, token: str, end: str) -> None:
    with dashboard(url, token) as connected, suppress(TimeoutError):
        _say_ready()
        for event in connected.events("execution-log"):
            account.feed(event["log"] + end, time.time_ns())
            if account.lines >= count or _told_to_end():
                return


def _told_to_end() -> bool:
    return bool(select.select([0], [], [], 0)[0])


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
