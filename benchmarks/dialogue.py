"""Child processes that are told lines and answer in lines, each answer awaited for a bounded time."""

import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.parts.part import ended_after

LAST_WORDS = 1000
"""Bytes that are shown of what a server said before its trial failed."""


class Fault(Exception):
    """A trial cannot go on, or its figures count for nothing; the text says why."""


class Dialogue:
    """One child's standard input and output."""

    def __init__(self, process: "subprocess.Popen[bytes]", name: str) -> None:
        self._process = process
        self._name = name
        self._heard = b""

    def say(self, *words: object) -> None:
        assert self._process.stdin is not None  # noqa: S101 - opened below
        try:
            self._process.stdin.write(f"{' '.join(map(str, words))}\n".encode())
        except BrokenPipeError as exc:
            raise Fault(f"{self._name} ended") from exc

    def hear(self, word: str, *, within_s: float) -> list[str]:
        """Return what follows `word` in the next line. Raises `Fault` for any other line, and for none in time."""
        said = self._line(time.monotonic() + within_s).split()
        if said[:1] != [word]:
            raise Fault(f"{self._name} said {' '.join(said)!r} and not {word!r}")
        return said[1:]

    def _line(self, deadline: float) -> str:
        assert self._process.stdout is not None  # noqa: S101 - opened below
        while b"\n" not in self._heard:
            readable, _, _ = select.select([self._process.stdout], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                raise Fault(f"{self._name} said nothing in time")
            if not (piece := os.read(self._process.stdout.fileno(), 65_536)):
                raise Fault(f"{self._name} ended")
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode()


@contextmanager
def dialogue(name: str, command: Sequence[str]) -> Iterator[Dialogue]:
    """Run a child until the context ends."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0) as process, ended_after(process, 5):
        yield Dialogue(process, name)


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server, which says nothing of use, until the context ends; its last words are printed if that fails."""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process,
        ended_after(process, 5),
    ):
        try:
            yield process
        except Fault:
            written = os.fstat(output.fileno()).st_size
            words = os.pread(output.fileno(), LAST_WORDS, max(0, written - LAST_WORDS))
            print(f"\n{words.decode(errors='replace')}", file=sys.stderr)
            raise
