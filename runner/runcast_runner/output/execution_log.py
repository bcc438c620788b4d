"""The output of one attempt: lines wait here, in order, until the writer takes them as numbered chunks."""

from collections import defaultdict
from collections.abc import Callable, Iterable

import anyio

from runcast_core.model.executions import Execution, LogChunk, OutputEnd
from runcast_runner.output.lines import LineDecoder
from runcast_runner.output.masking import Masker
from runcast_runner.output.numbering import CHUNK_CHARACTERS, Numbering, Piece
from runcast_runner.output.output_cap import OutputCap
from runcast_runner.output.stored_output import OutputAgain, StoredOutput
from runcast_runner.variables import secret_values

MAX_HELD_CHARACTERS = 262_144
STDERR = 2


class ExecutionLog:
    """The output of one attempt, from bytes to chunks. At most `MAX_HELD_CHARACTERS` and one write are held.

    Where something is stored of it, its output is to be written again from the beginning.
    """

    def __init__(
        self,
        execution: Execution,
        filled: Callable[[bool], None],
        *,
        max_mb: int = 100,
        stored: StoredOutput | None = None,
        may_write: Callable[[], bool] = lambda: True,
        secrets: Iterable[str] = (),
    ) -> None:
        self.may_write = may_write
        """Whether this runner's lease is good: until it is again, nothing is stored or published."""
        self.abandoned = False
        self.begun = anyio.Event()
        """Set once there is output, or was before this runner."""
        self.execution = execution
        self.masker = Masker([*secret_values(execution.request), *secrets])
        self._filled = filled
        self._decoders: defaultdict[int, LineDecoder] = defaultdict(lambda: LineDecoder(self.masker))
        self._cap = OutputCap(max_mb)
        stored = stored or StoredOutput()
        if stored.last_seq:
            self.begun.set()
        self._again = OutputAgain(stored)
        self._numbering = Numbering(execution, stored)
        self._pieces: list[Piece] = []
        self._size = 0
        self._taken = self._settled = 0
        self._moved = anyio.Event()

    @property
    def proof(self) -> OutputEnd:
        """What proves that the output is complete; it is all there once `finish` was called and `drained` returned."""
        return self._numbering.proof

    async def write(self, data: bytes, stream: int = 0) -> None:
        """Take output cut anywhere, of standard error if the stream is `STDERR`; waits while too much is held, so that
        a fast writer is slowed, not buffered."""
        self._add(self._decoders[stream].feed(data), stream)
        while self._size > MAX_HELD_CHARACTERS and not self.abandoned:
            await self._moved.wait()

    def finish(self) -> None:
        """Add the last line of each stream if no newline ended it, then what the cap has to tell."""
        for stream, decoder in self._decoders.items():
            self._add(decoder.finish(), stream)
        if told := self._cap.end():
            self._keep(told, stderr=False)

    async def drained(self) -> None:
        """Return once everything is stored and was published, or is abandoned."""
        while (self._pieces or self._settled < self._taken) and not self.abandoned:
            await self._moved.wait()

    def abandon(self) -> None:
        """Forget what is held, as the attempt is lost: no chunk that is not on disk by now will be stored, and none is
        published."""
        self.abandoned = True
        self._pieces.clear()
        self._wake()

    def take(self) -> list[LogChunk]:
        """Return what is held as numbered chunks; `settled` must follow when they are stored and published."""
        pieces, self._pieces, self._size = self._pieces, [], 0
        chunks = self._numbering.chunks(pieces)
        if chunks:
            self._taken = chunks[-1].seq
            self._wake()
        return chunks

    def settled(self, seq: int) -> None:
        """Note that everything up to this chunk is stored and was published."""
        self._settled = seq
        self._wake()

    def _add(self, lines: list[str], stream: int) -> None:
        if lines and (kept := self._cap.take(lines)) is not None:
            self._keep(kept, stderr=stream == STDERR)

    def _keep(self, text: str, *, stderr: bool) -> None:
        if (new := self._again.new(text)) is not None:
            self._hold(new, stderr=stderr)

    def _hold(self, text: str, *, stderr: bool) -> None:
        if self.abandoned:
            return
        self.begun.set()
        self._pieces.append((stderr, text))
        self._size += len(text) + 1
        self._filled(self._size >= CHUNK_CHARACTERS)

    def _wake(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()
