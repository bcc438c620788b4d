"""The dashboards: drives `load.c`, which opens connections and checks what each of them receives."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.dialogue import Dialogue, Fault, dialogue

BUILD = Path(__file__).parent / ".build"
OPEN_S = 60.0
GRACE_S = 40.0
"""What a server may be late with its last delivery before the trial is given up."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """When the first and the last of the expected deliveries came, in `time.monotonic` seconds."""

    first_at: float
    last_at: float


class Load:
    """Connections to one server."""

    def __init__(self, client: Dialogue) -> None:
        self._client = client

    def open(self, sockets: int) -> None:
        """Open more connections until there are that many, each accepted."""
        self._client.say("open", sockets)
        self._client.hear("opened", within_s=OPEN_S)

    def expect(self, first: int, count: int) -> None:
        """Await the events with these numbers, in order, on each connection."""
        self._client.say("expect", first, count)
        self._client.hear("expecting", within_s=5)

    def delivered(self, within_s: float) -> Delivered:
        """Return once every connection received every expected event in order. Raises `Fault` otherwise."""
        try:
            first_at, last_at = self._client.hear("delivered", within_s=within_s + GRACE_S)
        except Fault as fault:
            raise Fault(f"not everything was delivered ({fault}): {self._report()}") from fault
        self.check()
        return Delivered(float(first_at), float(last_at))

    def check(self) -> None:
        """Raise `Fault` if ever an event came out of order, or was left out, or a connection was closed."""
        self._client.say("report")
        _, disorder, closed, _ = self._client.hear("report", within_s=5)
        if disorder != "0" or closed != "0":
            raise Fault(f"events out of order or left out: {disorder}, connections closed: {closed}")

    def _report(self) -> str:
        self._client.say("report")
        deliveries, disorder, closed, _ = self._client.hear("report", within_s=5)
        return f"{deliveries} deliveries, {disorder} out of order, {closed} connections closed"


@contextmanager
def load(
    port: int, path: str, dialect: str, packets: Iterable[str], *, binary: Path = BUILD / "load"
) -> Iterator[Load]:
    """Run the client; each connection says one of the packets to be let in."""
    with tempfile.NamedTemporaryFile("w", suffix=".packets") as file:
        file.write("".join(f"{packet}\n" for packet in packets))
        file.flush()
        with dialogue("the load", [str(binary), str(port), path, dialect, file.name]) as client:
            yield Load(client)
