"""`python -m benchmarks.runner.watcher COUNT URL TOKEN [raw]`: a dashboard that reads so many lines of output.

Prints `ready` once it was let in, and in the end its account as JSON: when all lines came, when nothing came for
`SILENCE_S`, or at once when standard input ends. Without URL it reads output from standard input. `raw`: output
comes cut anywhere and not in whole lines.
"""

import json
import os
import select
import sys
import time
from urllib.parse import urlsplit

import orjson
from websockets.sync.client import ClientConnection, connect

from benchmarks.runner.account import Account

SILENCE_S = 20.0
EVENT = '42["execution-log",'
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
    target = urlsplit(url)
    with connect(
        f"ws://{target.netloc}/socket.io/?EIO=4&transport=websocket", compression=None, max_size=None
    ) as socket:
        socket.recv(timeout=SILENCE_S)
        socket.send("40" + json.dumps({"token": token}))
        while not str(socket.recv(timeout=SILENCE_S)).startswith("40"):
            pass
        _say_ready()
        while account.lines < count and (text := _next(socket)) is not None:
            if text == "2":
                socket.send("3")
            elif text.startswith(EVENT):
                account.feed(orjson.loads(text[len(EVENT) : -1])["log"] + end, time.time_ns())


def _next(socket: ClientConnection) -> str | None:
    """Return the next packet; None when nothing comes any more, or nobody wants to know."""
    if select.select([0], [], [], 0)[0]:
        return None
    try:
        return str(socket.recv(timeout=SILENCE_S))
    except TimeoutError:
        return None


def _say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
