"""How many lines each chunk of output has: where every line is, without reading one."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.executions.executions import existing
from runcast_api.executions.output import output_of, seq_after
from runcast_api.http.answer import Answer
from runcast_core.model.wire.output import LogIndex

COUNTS = 20_000
"""Of how many chunks one call tells."""


async def log_index(request: Request) -> Response:
    execution = await existing(request)
    output, after = output_of(request, execution), seq_after(request)
    counts = await output.line_counts(after, COUNTS + 1)
    shown, more = tuple(counts[:COUNTS]), len(counts) > COUNTS
    return Answer(LogIndex(output.task_id, output.attempt, execution.status, after + len(shown), more, shown))
