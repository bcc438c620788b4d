"""Numbered chunks of output: where they are cut, what was standard error, what is proven and what is not kept."""

import hashlib
import random
from itertools import accumulate

import pytest

from runcast_core.model.executions import Execution, OutputEnd
from runcast_runner.output import output_cap
from runcast_runner.output.execution_log import STDERR, ExecutionLog
from runcast_runner.output.numbering import CHUNK_CHARACTERS, Numbering
from runcast_runner.output.output_cap import OutputCap
from runcast_runner.output.stored_output import StoredOutput

OWNER = Execution("org", "t", "image", 1, 1, attempt=3)


def _marked(chunks) -> list[tuple[bool, str]]:
    """Return each line of the chunks with whether it is standard error, as a client reads it."""
    lines = []
    for chunk in chunks:
        stderr = {first + number for first, count in chunk.stderr for number in range(count)}
        lines += [(number in stderr, line) for number, line in enumerate(chunk.text.split("\n"))]
    return lines


def _proof(chunks) -> OutputEnd:
    data = "".join(f"{chunk.text}\n" for chunk in chunks).encode()
    return OutputEnd(chunks[-1].seq if chunks else 0, len(data), hashlib.sha256(data).hexdigest(), data.count(b"\n"))


@pytest.mark.parametrize("seed", range(40))
def test_every_line_keeps_its_place_and_its_stream(seed):
    """Whatever the lengths, the streams and the batches: order, numbers, also of lines, runs and proof are right."""
    rng = random.Random(seed)
    numbering, chunks, lines = Numbering(OWNER, StoredOutput()), [], []
    for _ in range(rng.randrange(1, 6)):
        pieces = []
        for _ in range(rng.randrange(40)):
            stderr = rng.random() < rng.choice((0, 0.5, 1))
            part = ["é" * int(rng.expovariate(1 / rng.choice((3, 2000, 20_000)))) for _ in range(rng.randrange(1, 9))]
            lines += [(stderr, line) for line in part]
            pieces.append((stderr, "\n".join(part)))
        chunks += numbering.chunks(pieces)
    assert _marked(chunks) == lines
    assert [chunk.seq for chunk in chunks] == list(range(1, len(chunks) + 1))
    ends = accumulate(len(chunk.text.split("\n")) for chunk in chunks)
    assert [chunk.first_line for chunk in chunks] == [1, *(end + 1 for end in ends)][:-1]
    assert all(len(chunk.text) <= CHUNK_CHARACTERS or "\n" not in chunk.text for chunk in chunks)
    assert all(
        sum(run) < after[0] for chunk in chunks for run, after in zip(chunk.stderr, chunk.stderr[1:], strict=False)
    )
    assert numbering.proof == _proof(chunks)


def test_nothing_is_proven_too():
    """Without output the last number is 0, and the checksum that of nothing."""
    assert Numbering(OWNER, StoredOutput()).proof == OutputEnd(0, 0, hashlib.sha256(b"").hexdigest(), 0)


async def test_standard_error_is_told_by_its_stream():
    """In runs of (first line, number of lines); the last line without a newline has its stream too."""
    output = ExecutionLog(OWNER, lambda _: None)
    for data, stream in [(b"a\nb\n", 1), (b"c\n", STDERR), (b"d\nope", STDERR), (b"e\n", 1), (b"f\n", 0)]:
        await output.write(data, stream)
    output.finish()
    [chunk] = output.take()
    assert (chunk.text, chunk.stderr) == ("a\nb\nc\nd\ne\nf\nope", ((2, 2), (6, 1)))
    assert output.proof == _proof([chunk])


async def test_output_over_the_cap_is_left_out_and_said(monkeypatch):
    """The cut is where the cap is, to the line; two lines of the output say so, and count into the proof."""
    monkeypatch.setattr(output_cap, "MB", 10)
    output = ExecutionLog(OWNER, lambda _: None, max_mb=1)
    for data in (b"abcd\n", b"efgh\nijk\n", b"l\n", "ö\n".encode()):
        await output.write(data)
    output.finish()
    output.finish()
    [chunk] = output.take()
    cut, end = "[... output over 1 MB is not kept]", "[... 3 more lines, 9 bytes, were not kept]"
    assert chunk.text == f"abcd\nefgh\n{cut}\n{end}"
    assert output.proof == _proof([chunk])


def test_output_up_to_the_cap_is_whole():
    """A cap that is reached and not passed is not told."""
    cap = OutputCap(1)
    assert cap.take(["x" * 999_999]) == "x" * 999_999
    assert cap.end() is None
    assert cap.take([""]) == "[... output over 1 MB is not kept]"
    assert cap.end() == "[... 1 more lines, 1 bytes, were not kept]"
